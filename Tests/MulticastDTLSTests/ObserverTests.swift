import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Events of the observer")
struct ObserverTests {
  private let start = BootInstant.now
  private let keyID = KeyID([0x9A, 0xB7, 0x6D, 0x2D])

  private typealias ReceivedMessage = (record: ReceivedRecord, origin: Message.Origin)

  private func message(
    _ member: MemberID, _ sequence: UInt64, epoch: Epoch = .first, from source: Endpoint = endpoint(),
    isRestart: Bool = false, isStraggler: Bool = false
  ) -> ReceivedMessage {
    var record = ReceivedRecord(count: 0, keyID: keyID, lost: 0, isLate: false)
    record.isFirstOfEpoch = isRestart
    record.isRestart = isRestart
    record.isStraggler = isStraggler
    return (record, Message.Origin(sender: member, epoch: epoch, sequence: sequence, source: source))
  }

  private func rejection(
    _ reason: RejectionReason, _ member: UInt8, from source: Endpoint = endpoint(), laterEpoch: Epoch? = nil,
    isRepeated: Bool = false
  ) -> Rejection {
    let header = RecordHeader(IndependentRecord(member: member, text: "").sealed(.ofVectors(.wdmNullSHA256)).span)
    return Rejection(reason, header, source, laterEpoch: laterEpoch, isRepeated: isRepeated)
  }

  private func makeObserver() -> Observer {
    Observer(start: start, followed: MemberSet(1...2))
  }

  /// The events of a range of seconds, with the given messages and one tick in each second.
  private func events(
    _ observer: inout Observer, _ seconds: ClosedRange<Int>, _ messages: (Int) -> [ReceivedMessage] = { _ in [] }
  ) -> [PeerEvent] {
    seconds.flatMap { second in
      let now = start + .seconds(second)
      let heard = messages(second).flatMap { observer.heard($0, now: now) }
      return heard + observer.tick([:], now: now)
    }
  }

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

  @Test("a restart is reported with its epoch")
  func restarted() {
    var observer = makeObserver()
    #expect(observer.heard(message(1, 5), now: start) == [])
    #expect(
      observer.heard(message(1, 0, epoch: .last, isRestart: true), now: start) == [.restarted(1, .last)])
  }

  @Test("a jump of more than 1,000 epochs is a warning with both epochs, and no restart")
  func epochJump() throws {
    func events(from: UInt16, to: UInt16, isRestart: Bool = true) throws -> [PeerEvent] {
      var observer = makeObserver()
      var arrival = message(1, 0, epoch: try Epoch(to), isRestart: isRestart)
      arrival.record.formerEpoch = try Epoch(from)
      return observer.heard(arrival, now: start)
    }
    #expect(try events(from: 5, to: 1005) == [.restarted(1, try Epoch(1005))])
    let (five, later) = (try Epoch(5), try Epoch(1006))
    #expect(try events(from: 5, to: 1006) == [.epochJump(1, from: five, to: later, source: endpoint())])
    // Also if the former epoch was heard before our own start.
    #expect(
      try events(from: 5, to: 1006, isRestart: false) == [.epochJump(1, from: five, to: later, source: endpoint())])
    #expect(try events(from: 5, to: 6, isRestart: false) == [])
    #expect(PeerEvent.epochJump(1, from: five, to: later, source: endpoint()).isWarning)
  }

  @Test("a member left behind by a jump of its numbers is not reported to repeat them")
  func leftBehind() throws {
    var observer = makeObserver()
    let jump = SequenceJump(member: 1, epoch: .first, from: 17, to: 4_294_967_295)
    #expect(observer.jumped([jump], now: start) == [.sequenceJump(jump)])
    func rejectedNumber(_ sequence: UInt64, _ second: Int) -> [PeerEvent] {
      let header = RecordHeader(
        IndependentRecord(member: 1, sequence: sequence, text: "").sealed(.ofVectors(.wdmNullSHA256)).span)
      return observer.rejected(Rejection(.replayed, header, endpoint()), now: start + .seconds(second))
    }
    #expect((0...2).flatMap { rejectedNumber(UInt64(17 + $0), $0) } == [.leftBehind(jump, from: endpoint())])
    #expect((100...103).flatMap { rejectedNumber(16, $0) } == [.repeatedNumbers(1, .first, from: endpoint())])
  }

  @Test("records ahead of our own cause an event in addition to the one for the duplicate ID")
  func overtaken() throws {
    var observer = makeObserver()
    let header = RecordHeader(
      IndependentRecord(member: 0, epoch: 9, text: "").sealed(.ofVectors(.wdmNullSHA256)).span)
    let overtaking = Overtaking(keyID: keyID, epoch: try Epoch(9), sequence: 0, ownEpoch: .first, ownNext: 5)
    let rejection = Rejection(.duplicateID, header, endpoint(), overtaking: overtaking)
    #expect(
      observer.rejected(rejection, now: start) == [
        .duplicateID(from: endpoint(), isRepeated: false), .overtaken(overtaking, from: endpoint()),
      ])
    #expect(observer.rejected(rejection, now: start + .seconds(9)) == [])
    // The duplicate ID is reported once an hour.
    #expect(observer.rejected(rejection, now: start + .seconds(10)) == [.overtaken(overtaking, from: endpoint())])
  }

  @Test("members never heard are reported once together after thirty seconds, and each when it is first heard")
  func neverHeard() {
    func observer(_ awaited: MemberSet) -> Observer {
      Observer(start: start, followed: MemberSet(1...255), awaited: awaited)
    }
    var one = observer(MemberSet([1, 2, 5]))
    #expect(events(&one, 1...29) { [message(1, UInt64($0))] } == [])
    #expect(events(&one, 30...200) { [message(1, UInt64($0))] } == [.neverHeard(MemberSet([2, 5]))])
    #expect(one.heard(message(2, 7), now: start + .seconds(201)) == [.heardLate(2, after: .seconds(201))])
    #expect(one.heard(message(2, 8), now: start + .seconds(202)) == [])
    // All expected members are heard. Other members are not awaited, and none are if everyone is followed.
    var all = observer(MemberSet([1]))
    #expect(events(&all, 1...100) { [message(1, UInt64($0))] } == [])
    #expect(MemberSet(0...255).expected(at: 3) == MemberSet([]))
    #expect(MemberSet(0...254).expected(at: 3).members.count == 254)
    // The time asleep does not count.
    var asleep = observer(MemberSet([1, 2]))
    _ = events(&asleep, 1...10) { [message(1, UInt64($0))] }
    #expect(events(&asleep, 1000...1019) { [message(1, UInt64($0))] } == [])
    #expect(events(&asleep, 1020...1021) { [message(1, UInt64($0))] } == [.neverHeard(MemberSet([2]))])
  }

  @Test("silence is counted for every member, also without an event")
  func newlySilent() {
    var observer = Observer(start: start, followed: MemberSet(0...255))
    for second in 0...5 {
      for member in 0..<20 as Range<UInt8> {
        _ = observer.heard(message(MemberID(rawValue: member), UInt64(second)), now: start + .seconds(second))
      }
      #expect(observer.tick([:], now: start + .seconds(second)) == [])
    }
    var (silent, lines): ([MemberID], Int) = ([], 0)
    for second in 6...15 {
      lines += observer.tick([:], now: start + .seconds(second)).count { $0.kind == .silent }
      silent += observer.newlySilent
    }
    #expect(MemberSet(silent) == MemberSet(0...19) && silent.count == 20 && lines == 8)
  }

  @Test("the progress of a rotation is reported also after our own change of key")
  func ownKeyChange() {
    let new = KeyID([1, 2, 3, 4])
    var observer = Observer(start: start, followed: MemberSet(1...1), awaited: MemberSet(1...1), sendingKey: keyID)
    let sendingKeys: [MemberID: KeyID] = [1: new]
    func tick(_ second: Int, _ sendingKey: KeyID?) -> [PeerEvent] {
      observer.tick(sendingKeys, sendingKey: sendingKey, now: start + .seconds(second))
    }
    let readiness = PeerEvent.rotation(RotationProgress(sendingKeys, of: MemberSet(1...1), awaited: MemberSet(1...1)))
    #expect(tick(1, keyID) == [])
    #expect(tick(2, new) == [readiness])
    #expect(tick(3, new) == [])
    // A listener sends with no key.
    var listener = Observer(start: start, followed: MemberSet(1...1))
    #expect(listener.tick(sendingKeys, now: start + .seconds(1)) == [])
  }

  @Test("alternating keys are reported at most every five seconds, and the last state is always reported")
  func readinessLimit() {
    var observer = Observer(start: start, followed: MemberSet(1...1), sendingKey: keyID)
    let new = KeyID([1, 2, 3, 4])
    var times: [Int] = []
    for second in 1...600 {
      let events = observer.tick(
        [:], sendingKey: second < 500 && second % 2 == 0 ? keyID : new, now: start + .seconds(second))
      if !events.filter({ $0.kind == .rotation }).isEmpty { times.append(second) }
    }
    #expect(times.count <= 8 + 500 / 5 && (times.last ?? 0) >= 499 && (times.last ?? 0) <= 505, "\(times)")
  }

  @Test("overruns and kernel drops are reported seldom, and the reports add up to all lost messages")
  func lost() {
    var observer = makeObserver()
    func run(_ sequence: UInt64, isDelivered: Bool) -> ReceivedRun {
      let message = message(1, sequence)
      return ReceivedRun(message.record, message.origin, isDelivered: isDelivered)
    }
    var said: [Int] = []
    for second in 0..<700 {
      let now = start + .seconds(second)
      _ = observer.heard(run(UInt64(second), isDelivered: second >= 500 || second % 5 == 0), now: now)
      for event in observer.tick([:], now: now) {
        guard case .overrun(let count) = event else { continue }
        said.append(count)
      }
    }
    #expect(said.count <= 7 && said.reduce(0, +) == 400, "\(said)")
    var dropped: [PeerEvent] = []
    for second in 700..<900 {
      dropped += observer.tick(
        [:], droppedByKernel: min(second - 700, 100), now: start + .seconds(second)
      ).filter { $0.kind == .kernelDrops }
    }
    #expect(dropped.first == .kernelDrops(1) && dropped.count <= 5)
    let sum = dropped.reduce(0) { if case .kernelDrops(let count) = $1 { $0 + count } else { $0 } }
    #expect(sum == 100)
  }

  @Test("the end reports the losses since the last event, except those after the last tick")
  func lostAtLast() {
    var observer = makeObserver()
    var sequence: UInt64 = 0
    func run(_ sequence: UInt64) -> ReceivedRun {
      let message = message(1, sequence)
      return ReceivedRun(message.record, message.origin, isDelivered: false)
    }
    func lose(_ count: Int, at second: Int) -> [PeerEvent] {
      for _ in 0..<count {
        sequence += 1
        _ = observer.heard(run(sequence), now: start + .seconds(second))
      }
      return observer.tick([:], droppedByKernel: count, now: start + .seconds(second))
    }
    #expect(lose(3, at: 1) == [.kernelDrops(3)] && lose(4, at: 2) == [.overrun(7)])
    #expect(lose(5, at: 3) == [] && lose(6, at: 4) == [])
    _ = observer.heard(run(sequence + 1), now: start + .seconds(5))
    #expect(observer.finish() == [.overrun(11), .kernelDrops(3)])
    #expect(observer.finish() == [])
  }

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
    #expect(events.contains(.alternatingSources(1, there, here)) && events.count == 2)
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

  @Test("a duplicate ID is reported once an hour, in either form")
  func once() {
    var observer = makeObserver()
    let times = (0..<7000).filter {
      let rejection = rejection(.duplicateID, 0, isRepeated: $0 % 100 == 0)
      return !observer.rejected(rejection, now: start + .seconds($0)).isEmpty
    }
    #expect(times == [0, 3600])
  }

  @Test("a change of key is reported once, is no restart, and does not reset the interval")
  func keyChange() {
    var observer = makeObserver()
    let new = KeyID([1, 2, 3, 4])
    _ = events(&observer, 0...20) { [message(1, UInt64($0)), message(2, UInt64($0))] }
    var moved = ReceivedRecord(count: 0, keyID: new, lost: 0, isLate: false)
    moved.isKeyChange = true
    let origin = Message.Origin(sender: 1, epoch: .first, sequence: 0, source: endpoint())
    let said = observer.heard((moved, origin), now: start + .seconds(21))
    #expect(said == [.keyChange(1, to: new)])
    // The next tick reports the progress of all members, once.
    #expect(events(&observer, 21...21).map(\.kind) == [.rotation])
    // The interval is still known, so silence is reported as soon as before.
    _ = events(&observer, 22...23) { [message(2, UInt64($0))] }
    #expect(events(&observer, 24...40) { [message(2, UInt64($0))] } == [.silent(1, for: .seconds(5))])
  }
}
