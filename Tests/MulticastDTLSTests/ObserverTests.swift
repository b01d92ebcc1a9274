import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("What is said without being asked")
struct ObserverTests {
  private let start = Moment.now
  private let keyID = KeyID([0x9A, 0xB7, 0x6D, 0x2D])

  private func message(
    _ member: MemberID, _ sequence: UInt64, epoch: Epoch = .first, from source: Endpoint = endpoint(),
    isRestart: Bool = false, isStraggler: Bool = false
  ) -> Arrival {
    Arrival(
      origin: Message.Origin(sender: member, epoch: epoch, sequence: sequence, source: source), count: 0,
      keyID: keyID, lost: 0, isLate: false, isRestart: isRestart, isKeyChange: false, isStraggler: isStraggler)
  }

  private func refused(
    _ reason: Refusal, _ member: UInt8, from source: Endpoint = endpoint(), laterEpoch: Epoch? = nil,
    isRepeated: Bool = false
  ) -> Refused {
    let header = RecordHeader(IndependentRecord(member: member, text: "").sealed(.ofVectors(.wdmNullSHA256)).span)
    return Refused(reason, header, source, laterEpoch: laterEpoch, isRepeated: isRepeated)
  }

  private func makeObserver() -> Observer {
    Observer(start: start, followed: MemberSet(1...2))
  }

  /// What is said from one second to another, with a look each second, while members say their messages in between.
  private func notices(
    _ observer: inout Observer, _ seconds: ClosedRange<Int>, _ messages: (Int) -> [Arrival] = { _ in [] }
  ) -> [Notice] {
    seconds.flatMap { second in
      let now = start + .seconds(second)
      let heard = messages(second).flatMap { observer.heard($0, now: now) }
      return heard + observer.tick(Whereabouts(), now: now)
    }
  }

  @Test("that nothing is heard is said after ten seconds, once, and again only when something was heard in between")
  func nothingHeard() {
    var observer = makeObserver()
    #expect(notices(&observer, 1...9) == [])
    #expect(notices(&observer, 10...100) == [.nothingHeard(.seconds(10), isArriving: false)])
    #expect(notices(&observer, 101...120) { $0 % 2 == 0 ? [message(1, UInt64($0 / 2))] : [] } == [])
    #expect(notices(&observer, 121...129) == [])
    #expect(
      notices(&observer, 130...300) == [.nothingHeard(.seconds(10), isArriving: false), .silent(1, .seconds(10))])
    var alone = Observer(start: start, followed: MemberSet([MemberID]()))
    #expect(notices(&alone, 1...100) == [])
  }

  @Test("that nothing is heard is put otherwise where records arrive that are refused")
  func nothingAccepted() {
    var observer = makeObserver()
    #expect(observer.refused(refused(.forged, 1), now: start + .seconds(1)) == [.forged(1, endpoint())])
    #expect(notices(&observer, 2...20) == [.nothingHeard(.seconds(10), isArriving: true)])
  }

  @Test("members that speak once a minute are not missed after ten seconds")
  func slowGroup() {
    var observer = makeObserver()
    // After the first message nobody knows when to expect the next.
    let first = notices(&observer, 1...65) { $0 % 60 == 5 ? [message(1, UInt64($0 / 60))] : [] }
    #expect(first == [.nothingHeard(.seconds(30), isArriving: false)])
    #expect(notices(&observer, 66...300) { $0 % 60 == 5 ? [message(1, UInt64($0 / 60))] : [] } == [])
    #expect(
      notices(&observer, 301...900) == [.nothingHeard(.seconds(120), isArriving: false), .silent(1, .seconds(300))])
  }

  @Test("a peer that misses five of its intervals is called silent, once, and said to be back", arguments: [1, 3, 20])
  func silent(interval: Int) {
    var observer = makeObserver()
    let before = notices(&observer, 1...100) { second in
      [message(2, UInt64(second))] + (second % interval == 0 ? [message(1, UInt64(second / interval))] : [])
    }
    #expect(before == [])
    #expect(
      notices(&observer, 101...300) { [message(2, UInt64($0))] } == [.silent(1, .seconds(5 * interval))])
    #expect(observer.heard(message(1, 500), now: start + .seconds(301)) == [.heardAgain(1)])
  }

  @Test("a fast peer is called silent after a second, not sooner")
  func silentAndFast() {
    var observer = makeObserver()
    for number in 0...1000 {
      let now = start + .milliseconds(10 * number)
      #expect(
        observer.heard(message(1, UInt64(number)), now: now) == [] && observer.tick(Whereabouts(), now: now) == [])
    }
    #expect(observer.tick(Whereabouts(), now: start + .milliseconds(10_999)) == [])
    #expect(observer.tick(Whereabouts(), now: start + .milliseconds(11_000)) == [.silent(1, .seconds(1))])
  }

  @Test("bursts with long pauses are no silence, once they are known", arguments: [3, 12, 200])
  func bursts(count: Int) {
    var observer = makeObserver()
    _ = notices(&observer, 1...70) { second in
      second % 30 == 1 ? (0..<count).map { message(1, UInt64(second / 30 * count + $0)) } : []
    }
    let later = notices(&observer, 71...600) { second in
      second % 30 == 1 ? (0..<count).map { message(1, UInt64(second / 30 * count + $0)) } : []
    }
    #expect(later == [])
  }

  @Test("what was lost does not make an interval longer, and a new epoch begins anew")
  func intervals() {
    var watch = MemberWatch()
    for second in [0, 1, 2, 3, 4, 9, 10] {
      _ = watch.heard(keyID, .first, UInt64(second), now: start + .seconds(second))
    }
    #expect(watch.interval == .seconds(1))
    // A late one says nothing of it.
    _ = watch.heard(keyID, .first, 7, now: start + .seconds(50))
    #expect(watch.interval == .seconds(1))
    _ = watch.heard(keyID, .last, 0, now: start + .seconds(100))
    #expect(watch.interval == nil)
  }

  @Test("a machine that slept does not take its own sleep for the others' silence")
  func sleep() {
    var observer = makeObserver()
    #expect(notices(&observer, 1...20) { [message(1, UInt64($0))] } == [])
    #expect(notices(&observer, 30_000...30_003) == [])
    #expect(
      notices(&observer, 30_004...30_020) == [.silent(1, .seconds(5)), .nothingHeard(.seconds(10), isArriving: false)])
  }

  @Test("a peer that only repeats what it has said is told from one whose messages are doubled on the way")
  func repeating() {
    var observer = makeObserver()
    func replay(_ second: Int) -> [Notice] {
      observer.refused(refused(.replayed, 1), now: start + .seconds(second))
    }
    for second in 0..<100 {
      #expect(observer.heard(message(1, UInt64(second)), now: start + .seconds(second)) == [])
      #expect(replay(second) == [])
      #expect(replay(second) == [])
    }
    // Started again in its old epoch.
    #expect(replay(100) == [])
    #expect(replay(103) == [.repeating(1, .first, endpoint())])
  }

  @Test("a restart is told with its epoch")
  func restarted() {
    var observer = makeObserver()
    #expect(observer.heard(message(1, 5), now: start) == [])
    #expect(
      observer.heard(message(1, 0, epoch: .last, isRestart: true), now: start) == [.restarted(1, .last)])
  }

  @Test("each refusal that a person can do something about is told with the address, and no other")
  func refusals() throws {
    var observer = makeObserver()
    let (source, later) = (endpoint(7), try Epoch(5))
    func notices(_ refused: Refused) -> [Notice] { observer.refused(refused, now: start) }
    #expect(notices(refused(.forged, 1, from: source)) == [.forged(1, source)])
    #expect(notices(refused(.unknownMember, 9, from: source)) == [.unknownMember(9, source)])
    #expect(
      notices(refused(.staleEpoch, 1, from: source, laterEpoch: later))
        == [.staleEpoch(1, .first, later: later, source)])
    #expect(notices(refused(.duplicateID, 0, from: source)) == [.ownIDUsed(source)])
    observer = makeObserver()
    #expect(notices(refused(.duplicateID, 0, from: source, isRepeated: true)) == [.ownIDRepeated(source)])
    for reason in [Refusal.foreign, .malformed, .own, .overrun, .replayed] {
      #expect(notices(refused(reason, 1, from: source)) == [])
    }
  }

  @Test("two addresses that alternate as one node are told, also if one of them is refused; a move is not")
  func alternating() {
    let (here, there) = (endpoint(1), endpoint(2))
    var observer = makeObserver()
    #expect(observer.heard(message(1, 0, from: here), now: start) == [])
    #expect(observer.heard(message(1, 1, from: there), now: start) == [])
    #expect(observer.heard(message(1, 2, from: there), now: start) == [])
    #expect(observer.heard(message(2, 0, from: here), now: start) == [])
    // A straggler is no return.
    #expect(observer.heard(message(1, 3, from: here, isStraggler: true), now: start) == [])
    #expect(observer.refused(refused(.replayed, 1, from: here), now: start) == [])
    #expect(observer.heard(message(1, 4, from: there), now: start) == [])
    let notices = observer.refused(refused(.staleEpoch, 1, from: here, laterEpoch: .last), now: start)
    #expect(notices.contains(.alternating(1, there, here)) && notices.count == 2)
  }

  @Test("what does not authenticate never counts as an address of its node")
  func forgedAddress() {
    var observer = makeObserver()
    for sequence in 0..<20 as Range<UInt64> {
      #expect(observer.heard(message(1, sequence, from: endpoint(1)), now: start) == [])
      let notices = observer.refused(refused(.forged, 1, from: endpoint(2)), now: start)
      #expect(!notices.contains { if case .alternating = $0 { true } else { false } })
    }
  }

  @Test("a cause and a peer have one notice in ten seconds, and then fewer and fewer")
  func limit() {
    var observer = makeObserver()
    let times = (0..<10_000).filter { !observer.refused(refused(.forged, 1), now: start + .seconds($0)).isEmpty }
    #expect(times == [0, 10, 30, 70, 150, 310, 630, 1270, 2550, 5110, 8710])
    // After a minute without it, it is new.
    let again = (10_060...10_080).filter { !observer.refused(refused(.forged, 1), now: start + .seconds($0)).isEmpty }
    #expect(again == [10_060, 10_070])
  }

  @Test("a flood in all names has eight notices of a cause in ten seconds")
  func flood() {
    var observer = makeObserver()
    var counts: [Int] = []
    for round in 0..<100 {
      let now = start + .seconds(round * 10)
      counts.append((0..<512).count { !observer.refused(refused(.unknownMember, UInt8($0 % 256)), now: now).isEmpty })
    }
    #expect(counts.allSatisfy { $0 <= 8 })
  }

  @Test("forgeries in other names do not use up what is said of a peer's")
  func ownBudget() {
    var observer = makeObserver()
    for member in 3...255 as ClosedRange<UInt8> { _ = observer.refused(refused(.forged, member), now: start) }
    #expect(observer.refused(refused(.forged, 9), now: start) == [])
    #expect(observer.refused(refused(.forged, 1), now: start) == [.forged(1, endpoint())])
    #expect(observer.refused(refused(.staleEpoch, 1, laterEpoch: .last), now: start).count == 1)
  }

  @Test("that an ID is used twice is told once, in whichever words, and an hour later once more")
  func once() {
    var observer = makeObserver()
    let times = (0..<7000).filter {
      let refused = refused(.duplicateID, 0, isRepeated: $0 % 100 == 0)
      return !observer.refused(refused, now: start + .seconds($0)).isEmpty
    }
    #expect(times == [0, 3600])
  }

  @Test("where all members are by now is told with each that moves, and in the end that all have")
  func readiness() {
    let (old, new) = (keyID, KeyID([1, 2, 3, 4]))
    var here = Notice.Surroundings(
      member: 0, peers: MemberSet(0...4), keyIDs: [old, new], isEncrypted: true, group: .standard, interface: "lo")
    var whereabouts = Whereabouts()
    func text() -> String { Readiness(whereabouts, of: MemberSet(1...3)).text(here) }
    #expect(text() == "last heard: not heard: nodes 1-3; this node sends with 9ab7-6d2d")
    for member in [1, 2] as [MemberID] { _ = whereabouts.heard(member, keyID: old, isFirstOfEpoch: true, now: start) }
    let isMoved = whereabouts.heard(2, keyID: new, isFirstOfEpoch: true, now: start)
    #expect(isMoved)
    #expect(
      text()
        == "last heard: node 2 with 0102-0304, node 1 with 9ab7-6d2d, not heard: node 3; this node sends with 9ab7-6d2d"
    )
    for member in [1, 3] as [MemberID] { _ = whereabouts.heard(member, keyID: new, isFirstOfEpoch: true, now: start) }
    #expect(text() == "all other members were heard with key ID 0102-0304, but this node sends with 9ab7-6d2d")
    here.keyIDs = [new, old]
    #expect(text() == "all other members were heard with key ID 0102-0304, and this node sends with it, too")
  }

  @Test("a member that goes over to another key is told once, is no restart, and is not missed for it")
  func keyChange() {
    var observer = makeObserver()
    let new = KeyID([1, 2, 3, 4])
    _ = notices(&observer, 0...20) { [message(1, UInt64($0)), message(2, UInt64($0))] }
    let moved = Arrival(
      origin: Message.Origin(sender: 1, epoch: .first, sequence: 0, source: endpoint()), count: 0, keyID: new, lost: 0,
      isLate: false, isRestart: false, isKeyChange: true, isStraggler: false)
    let said = observer.heard(moved, now: start + .seconds(21))
    #expect(said == [.keyChanged(1, new)])
    // With the next look around, where all are by now; once.
    #expect(notices(&observer, 21...21).map(\.subject.cause) == [.readiness])
    // It is known how often it speaks, so that its silence is noticed as soon as before.
    _ = notices(&observer, 22...23) { [message(2, UInt64($0))] }
    #expect(notices(&observer, 24...40) { [message(2, UInt64($0))] } == [.silent(1, .seconds(5))])
  }

  @Test("every notice is one line that names what it is about and what to do")
  func texts() throws {
    let here = Notice.Surroundings(
      member: 0, peers: MemberSet(0...2), keyIDs: [keyID], isEncrypted: false, group: .standard,
      interface: "lo")
    let key = KeyID([1, 2, 3, 4])
    var whereabouts = Whereabouts()
    _ = whereabouts.heard(1, keyID: key, isFirstOfEpoch: true, now: start)
    let (one, other) = (endpoint(1), endpoint(2))
    for (notice, words) in [
      (.nothingHeard(.seconds(10), isArriving: true), ["10 s", "1-2", "records arrive"]),
      (.nothingHeard(.seconds(10), isArriving: false), ["10 s", "1-2", "9ab7-6d2d", "239.255.0.1:12345", "lo", "TTL"]),
      (.forged(1, one), ["192.0.2.1:1000", "node 1", "another secret,", "key ID 9ab7-6d2d", "secret id"]),
      (.forgedOther(0, one), ["192.0.2.1:1000", "node 0", "another secret,"]),
      (.repeating(1, try Epoch(5), one), ["192.0.2.1:1000", "node 1", "epoch 5", "--epoch 6"]),
      (.staleEpoch(1, .first, later: .last, one), ["new secret"]),
      (.unknownMember(9, one), ["node 9", "192.0.2.1:1000", "--peers 0-2"]),
      (
        .staleEpoch(1, .first, later: try Epoch(5), one),
        ["node 1", "epoch 1", "epoch 5", "lost its state", "--epoch 6"]
      ),
      (.otherSuite(1, one), ["node 1", "sends encrypted records", "--encrypt"]),
      (
        .readiness(Readiness(whereabouts, of: MemberSet(1...2))),
        ["last heard: node 1 with 0102-0304", "not heard: node 2", "this node sends with 9ab7-6d2d"]
      ),
      (.keyChanged(1, key), ["node 1 now sends with key ID 0102-0304"]),
      (.keyDropped(key, [1, 2]), ["0102-0304", "nodes 1-2", "add and promote 9ab7-6d2d"]),
      (.restarted(1, .last), ["node 1", "restarted", "65535"]), (.silent(1, .milliseconds(1500)), ["node 1", "1.5 s"]),
      (.heardAgain(1), ["node 1", "again"]), (.ownIDUsed(one), ["192.0.2.1:1000", "node ID 0"]),
      (.ownIDRepeated(one), ["192.0.2.1:1000", "node ID 0"]),
      (.alternating(1, one, other), ["192.0.2.1:1000", "192.0.2.2:1000", "node 1"]),
    ] as [(Notice, [String])] {
      let text = notice.text(here)
      for word in words { #expect(text.contains(word), "\(text)") }
      #expect(!text.contains("\n"))
    }
  }
}
