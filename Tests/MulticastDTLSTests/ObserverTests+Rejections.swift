import TestSupport
import Testing

@testable import MulticastDTLS

// MARK: - Rejected records

extension ObserverTests {
  @Test("a rejection is reported with its address only if a user can act on it")
  func rejections() throws {
    var observer = makeObserver()
    let (source, later) = (endpoint(7), try Epoch(5))
    func events(_ rejection: Rejection) -> [PeerEvent] { observer.rejected(rejection, now: start) }
    #expect(events(rejection(.forged, 1, from: source)) == [.otherSecret(1, from: source, isExpected: true)])
    #expect(events(rejection(.unknownMember, 9, from: source)) == [.unknownMember(9, from: source)])
    #expect(
      events(rejection(.staleEpoch, 1, from: source, laterEpoch: later))
        == [.staleEpoch(1, .first, later: later, from: source)])
    #expect(events(rejection(.duplicateID, 0, from: source)) == [.duplicateID(from: source, isRepeated: false)])
    observer = makeObserver()
    #expect(
      events(rejection(.duplicateID, 0, from: source, isRepeated: true)) == [
        .duplicateID(from: source, isRepeated: true)
      ])
    for reason in [RejectionReason.foreign, .malformed, .own, .overrun, .replayed] {
      #expect(events(rejection(reason, 1, from: source)) == [])
    }
  }

  @Test("two addresses that alternate as one member are reported, also if one is rejected, and a move is not")
  func alternating() {
    let (here, there) = (endpoint(1), endpoint(2))
    var observer = makeObserver()
    #expect(observer.heard(message(1, 0, from: here), now: start) == [])
    #expect(observer.heard(message(1, 1, from: there), now: start) == [])
    #expect(observer.heard(message(1, 2, from: there), now: start) == [])
    #expect(observer.heard(message(2, 0, from: here), now: start) == [])
    // A straggler from the old address is no return to it.
    #expect(observer.heard(message(1, 3, from: here, isStraggler: true), now: start) == [])
    #expect(observer.rejected(rejection(.replayed, 1, from: here), now: start) == [])
    #expect(observer.heard(message(1, 4, from: there), now: start) == [])
    let events = observer.rejected(rejection(.staleEpoch, 1, from: here, laterEpoch: .last), now: start)
    #expect(events.contains(.alternatingSources(1, there, and: here)) && events.count == 2)
  }

  @Test("the source of a forged record never counts as an address of the member")
  func forgedAddress() {
    var observer = makeObserver()
    for sequence in 0..<20 as Range<UInt64> {
      #expect(observer.heard(message(1, sequence, from: endpoint(1)), now: start) == [])
      let events = observer.rejected(rejection(.forged, 1, from: endpoint(2)), now: start)
      #expect(!events.contains { if case .alternatingSources = $0 { true } else { false } })
    }
  }

  @Test("a cause and a member have one event in ten seconds, and then fewer and fewer")
  func limit() {
    var observer = makeObserver()
    let times = (0..<10_000).filter { !observer.rejected(rejection(.forged, 1), now: start + .seconds($0)).isEmpty }
    #expect(times == [0, 10, 30, 70, 150, 310, 630, 1270, 2550, 5110, 8710])
    // After a minute without it, the cause is new.
    let again = (10_060...10_080).filter {
      !observer.rejected(rejection(.forged, 1), now: start + .seconds($0)).isEmpty
    }
    #expect(again == [10_060, 10_070])
  }

  @Test(
    "a flood of rejected records with all IDs causes fewer and fewer events, which name the IDs",
    arguments: [RejectionReason.forged, .unknownMember, .otherSuite, .staleEpoch, .duplicateID, .replayed], [1, 4, 300])
  func flood(reason: RejectionReason, perSecond: Int) throws {
    var observer = Observer(start: start, followed: MemberSet(0...255))
    var times: [Int] = []
    var last: MemberSet?
    var (member, count) = (0, 0)
    for second in 0..<(perSecond < 100 ? 700 : 60) {
      let now = start + .seconds(second)
      var events: [PeerEvent] = []
      for _ in 0..<perSecond {
        // Repeated records cause an event only if the same member repeats several.
        if reason != .replayed || second % 3 == 0 { member = (member + 1) % 256 }
        events += observer.rejected(rejection(reason, UInt8(member), laterEpoch: .last), now: now)
        count += 1
      }
      events += observer.tick([:], now: now)
      for event in events where event.kind != .nothingHeard {
        times.append(second)
        last = event.members
      }
    }
    #expect(times == Array(Set(times)).sorted(), "twice in one second")
    // 0, 10, 30, 70, 150, 310, 630 seconds.
    let expected = reason == .duplicateID ? 1...1 : 2...7
    #expect(expected.contains(times.count), "\(times.count) lines")
    if perSecond == 4, reason != .duplicateID { #expect(try #require(last).members.count == 256) }
  }

  @Test("the second event of a cause names all members with forged records")
  func named() {
    var observer = makeObserver()
    #expect(
      observer.rejected(rejection(.forged, 3), now: start) == [.otherSecret(3, from: endpoint(), isExpected: false)])
    for member in [9, 7, 8, 3] as [UInt8] {
      #expect(observer.rejected(rejection(.forged, member), now: start + .seconds(1)) == [])
    }
    // The event is due after ten seconds, also without another record.
    #expect(events(&observer, 2...9) == [])
    #expect(
      events(&observer, 10...12) { _ in [message(1, 0)] }.map(\.members)
        == [MemberSet([3, 7, 8, 9])])
    #expect(events(&observer, 13...100) { [message(1, UInt64($0))] } == [])
  }

  @Test("waiting events are reported at the end")
  func rest() {
    var observer = makeObserver()
    for member in [1, 2] as [UInt8] { _ = observer.rejected(rejection(.forged, member), now: start) }
    #expect(observer.finish() == [.otherSecret(2, from: endpoint(), isExpected: true)])
    #expect(observer.finish() == [])
  }

  @Test("if 100 members restart at once, eight have their own event, and the next event names all others")
  func restarts() {
    var observer = Observer(start: start, followed: MemberSet(0...255))
    for member in 0...99 as ClosedRange<UInt8> {
      _ = observer.heard(message(MemberID(rawValue: member), 5), now: start)
    }
    let epoch = Epoch.first.next ?? .last
    let said = (0...99 as ClosedRange<UInt8>).flatMap {
      observer.heard(message(MemberID(rawValue: $0), 0, epoch: epoch, isRestart: true), now: start + .seconds(1))
    }
    #expect(said.count == 8)
    let later = (2...120).flatMap { observer.tick([:], now: start + .seconds($0)) }
      .filter { $0.kind == .restarted }
    #expect(later.count == 1)
    #expect(MemberSet((said + later).flatMap(\.members)) == MemberSet(0...99))
    #expect(later.first?.isWarning == false)
  }

  @Test("a member that is back before its silence was reported causes no event")
  func backInTime() {
    var limit = EventRateLimit()
    for member in 0..<10 as Range<UInt8> {
      let event = limit.admit(.silent(MemberID(rawValue: member), for: .seconds(5)), now: start)
      #expect((event != nil) == (member < 8))
    }
    #expect(limit.admit(.heardAgain(9), now: start + .seconds(1)) == nil)
    #expect(limit.admit(.heardAgain(3), now: start + .seconds(1)) == .heardAgain(3))
    #expect(limit.due(now: start + .seconds(59)) == [])
    #expect(limit.due(now: start + .seconds(60)) == [.silent(8, for: .seconds(5))])
  }

  @Test("forgeries with other IDs do not use up the events of a followed member")
  func ownBudget() {
    var observer = makeObserver()
    for member in 3...255 as ClosedRange<UInt8> { _ = observer.rejected(rejection(.forged, member), now: start) }
    #expect(observer.rejected(rejection(.forged, 9), now: start) == [])
    #expect(
      observer.rejected(rejection(.forged, 1), now: start) == [.otherSecret(1, from: endpoint(), isExpected: true)])
    #expect(observer.rejected(rejection(.staleEpoch, 1, laterEpoch: .last), now: start).count == 1)
  }

  @Test("a duplicate ID is reported once an hour in each form, so that a repeated record hides no second process")
  func once() {
    var observer = makeObserver()
    let times = (0..<7000).filter {
      let rejection = rejection(.duplicateID, 0, isRepeated: $0 % 100 == 0)
      return !observer.rejected(rejection, now: start + .seconds($0)).isEmpty
    }
    #expect(times == [0, 1, 3600, 3601])
  }
}
