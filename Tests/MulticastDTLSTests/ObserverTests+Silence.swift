import TestSupport
import Testing

@testable import MulticastDTLS

// MARK: - Silence

extension ObserverTests {
  @Test("silence of all members is reported once after ten seconds, and again only after a new message")
  func nothingHeard() {
    var observer = makeObserver()
    #expect(events(&observer, 1...9) == [])
    #expect(events(&observer, 10...100) == [.nothingHeard(for: .seconds(10), isArriving: false)])
    #expect(events(&observer, 101...120) { $0 % 2 == 0 ? [message(1, UInt64($0 / 2))] : [] } == [])
    #expect(events(&observer, 121...129) == [])
    #expect(
      events(&observer, 130...300) == [
        .nothingHeard(for: .seconds(10), isArriving: false), .silent(1, for: .seconds(10)),
      ])
    var alone = Observer(start: start, followed: MemberSet([MemberID]()))
    #expect(events(&alone, 1...100) == [])
  }

  @Test("the event for silence tells whether rejected records arrive")
  func nothingAccepted() {
    var observer = makeObserver()
    #expect(
      observer.rejected(rejection(.forged, 1), now: start + .seconds(1)) == [
        .otherSecret(1, from: endpoint(), isExpected: true)
      ])
    #expect(events(&observer, 2...20) == [.nothingHeard(for: .seconds(10), isArriving: true)])
  }

  @Test("members that send once a minute are not reported after ten seconds")
  func slowGroup() {
    var observer = makeObserver()
    // After the first message, the interval is still unknown.
    let first = events(&observer, 1...65) { $0 % 60 == 5 ? [message(1, UInt64($0 / 60))] : [] }
    #expect(first == [.nothingHeard(for: .seconds(30), isArriving: false)])
    #expect(events(&observer, 66...300) { $0 % 60 == 5 ? [message(1, UInt64($0 / 60))] : [] } == [])
    #expect(
      events(&observer, 301...900) == [
        .nothingHeard(for: .seconds(120), isArriving: false), .silent(1, for: .seconds(300)),
      ])
  }

  @Test(
    "a member is reported silent once after five of its intervals, and reported again when it is back",
    arguments: [1, 3, 20])
  func silent(interval: Int) {
    var observer = makeObserver()
    let before = events(&observer, 1...100) { second in
      [message(2, UInt64(second))] + (second % interval == 0 ? [message(1, UInt64(second / interval))] : [])
    }
    #expect(before == [])
    #expect(
      events(&observer, 101...300) { [message(2, UInt64($0))] } == [.silent(1, for: .seconds(5 * interval))])
    #expect(observer.heard(message(1, 500), now: start + .seconds(301)) == [.heardAgain(1)])
  }

  @Test("a fast member is reported silent after a second, not sooner")
  func silentAndFast() {
    var observer = makeObserver()
    for number in 0...1000 {
      let now = start + .milliseconds(10 * number)
      #expect(
        observer.heard(message(1, UInt64(number)), now: now) == [] && observer.tick([:], now: now) == [])
    }
    #expect(observer.tick([:], now: start + .milliseconds(10_999)) == [])
    #expect(observer.tick([:], now: start + .milliseconds(11_000)) == [.silent(1, for: .seconds(1))])
  }

  @Test("the pauses between known bursts are not reported as silence", arguments: [3, 12, 200])
  func bursts(count: Int) {
    var observer = makeObserver()
    _ = events(&observer, 1...70) { second in
      second % 30 == 1 ? (0..<count).map { message(1, UInt64(second / 30 * count + $0)) } : []
    }
    let later = events(&observer, 71...600) { second in
      second % 30 == 1 ? (0..<count).map { message(1, UInt64(second / 30 * count + $0)) } : []
    }
    #expect(later == [])
  }

  @Test("lost messages do not lengthen the measured interval, and a new epoch resets it")
  func intervals() {
    var watch = MemberWatch()
    for second in [0, 1, 2, 3, 4, 9, 10] {
      _ = watch.heard(keyID, .first, UInt64(second), now: start + .seconds(second))
    }
    #expect(watch.interval == .seconds(1))
    // A late message does not change the interval.
    _ = watch.heard(keyID, .first, 7, now: start + .seconds(50))
    #expect(watch.interval == .seconds(1))
    _ = watch.heard(keyID, .last, 0, now: start + .seconds(100))
    #expect(watch.interval == nil)
  }

  @Test("a machine's own sleep does not count as the silence of others")
  func sleep() {
    var observer = makeObserver()
    #expect(events(&observer, 1...20) { [message(1, UInt64($0))] } == [])
    #expect(events(&observer, 30_000...30_003) == [])
    #expect(
      events(&observer, 30_004...30_020) == [
        .silent(1, for: .seconds(5)), .nothingHeard(for: .seconds(10), isArriving: false),
      ])
  }

  @Test("repeated numbers are reported for a member that sends nothing else, but not for duplicated datagrams")
  func repeating() {
    var observer = makeObserver()
    func replay(_ second: Int) -> [PeerEvent] {
      observer.rejected(rejection(.replayed, 1), now: start + .seconds(second))
    }
    for second in 0..<100 {
      #expect(observer.heard(message(1, UInt64(second)), now: start + .seconds(second)) == [])
      #expect(replay(second) == [])
      #expect(replay(second) == [])
    }
    // The member has restarted in its old epoch.
    #expect(replay(100) == [])
    #expect(replay(103) == [.repeatedNumbers(1, .first, from: endpoint())])
  }
}

extension ObserverTests {
  @Test("a member that restarts and dies at once is silent after 30 seconds, or five of its former intervals")
  func diesAfterRestart() {
    for (interval, silence) in [(1, 30), (10, 50)] {
      var observer = makeObserver()
      _ = events(&observer, 1...60) { $0 % interval == 0 ? [message(1, UInt64($0 / interval))] : [] }
      let restart = [message(1, 0, epoch: .last, isRestart: true)]
      #expect(events(&observer, 61...61) { _ in restart } == [.restarted(1, .last)])
      let later = events(&observer, 62...200)
      #expect(later.contains(.silent(1, for: .seconds(silence))), "\(later)")
    }
  }

  @Test("a member that dies after its first messages is silent after five minutes", arguments: [1, 2, 10])
  func diesAtOnce(count: Int) {
    var observer = makeObserver()
    // In one burst, after which another member goes on.
    _ = events(&observer, 1...1) { _ in (0..<count).map { message(1, UInt64($0)) } }
    let later = events(&observer, 2...400) { [message(2, UInt64($0))] }
    #expect(later == [.silent(1, for: .seconds(300))])
  }

  @Test("a member that is awaited later has its own 30 seconds, and one that is not awaited is forgotten")
  func absence() {
    var observer = Observer(start: start, followed: MemberSet(1...2), awaited: MemberSet(1...2))
    _ = events(&observer, 1...10) { [message(1, UInt64($0))] }
    observer.follow(MemberSet(1...3), awaited: MemberSet(1...3), now: start + .seconds(10))
    #expect(events(&observer, 11...29) { [message(1, UInt64($0))] } == [])
    #expect(events(&observer, 30...39) { [message(1, UInt64($0))] } == [.neverHeard(MemberSet([2]))])
    observer.follow(MemberSet([1, 3]), awaited: MemberSet([1, 3]), now: start + .seconds(39))
    #expect(events(&observer, 40...40) { [message(1, UInt64($0))] } == [.neverHeard(MemberSet([3]))])
    // Member 2 was reported, and is awaited anew.
    observer.follow(MemberSet(1...3), awaited: MemberSet(1...3), now: start + .seconds(41))
    #expect(
      events(&observer, 41...60) { [message(1, UInt64($0)), message($0 % 2 == 0 ? 2 : 3, UInt64($0))] }
        == [.heardLate(3, after: .seconds(31))])
  }

  @Test("a member that is no longer followed is not silent, also if it is followed again")
  func unfollowed() {
    var observer = makeObserver()
    _ = events(&observer, 1...20) { second in [message(1, UInt64(second)), message(2, UInt64(second))] }
    observer.follow(MemberSet([1]), awaited: MemberSet(), now: start + .seconds(20))
    #expect(events(&observer, 21...90) { [message(1, UInt64($0))] } == [])
    observer.follow(MemberSet(1...2), awaited: MemberSet(), now: start + .seconds(90))
    #expect(events(&observer, 91...200) { [message(1, UInt64($0))] } == [])
    observer.follow(MemberSet(), awaited: MemberSet(), now: start + .seconds(200))
    #expect(events(&observer, 201...300) == [])
    observer.follow(MemberSet([1]), awaited: MemberSet(), now: start + .seconds(300))
    #expect(events(&observer, 301...330) == [.nothingHeard(for: .seconds(30), isArriving: false)])
  }
}
