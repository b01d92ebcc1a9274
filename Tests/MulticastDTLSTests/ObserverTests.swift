import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Events of the observer")
struct ObserverTests {
  let start = BootInstant.now
  let keyID = KeyID([0x9A, 0xB7, 0x6D, 0x2D])

  typealias ReceivedMessage = (record: ReceivedRecord, origin: Message.Origin)

  func message(
    _ member: MemberID, _ sequence: UInt64, epoch: Epoch = .first, from source: Endpoint = endpoint(),
    isRestart: Bool = false, isStraggler: Bool = false
  ) -> ReceivedMessage {
    var record = ReceivedRecord(count: 0, keyID: keyID, lost: 0, isLate: false)
    record.isFirstOfEpoch = isRestart
    record.isRestart = isRestart
    record.isStraggler = isStraggler
    return (record, Message.Origin(sender: member, epoch: epoch, sequence: sequence, source: source))
  }

  func rejection(
    _ reason: RejectionReason, _ member: UInt8, from source: Endpoint = endpoint(), laterEpoch: Epoch? = nil,
    isRepeated: Bool = false
  ) -> Rejection {
    let header = RecordHeader(IndependentRecord(member: member, text: "").sealed(.ofVectors(.wdmNullSHA256)).span)
    return Rejection(reason, header, source, laterEpoch: laterEpoch, isRepeated: isRepeated)
  }

  func makeObserver() -> Observer {
    Observer(start: start, followed: MemberSet(1...2))
  }

  /// The events of a range of seconds, with the given messages and one tick in each second.
  func events(
    _ observer: inout Observer, _ seconds: ClosedRange<Int>, _ messages: (Int) -> [ReceivedMessage] = { _ in [] }
  ) -> [PeerEvent] {
    seconds.flatMap { second in
      let now = start + .seconds(second)
      let heard = messages(second).flatMap { observer.heard($0, now: now) }
      return heard + observer.tick([:], now: now)
    }
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
    #expect(try events(from: 5, to: 1006) == [.epochJump(1, former: five, to: later, from: endpoint())])
    // Also if the former epoch was heard before our own start.
    #expect(
      try events(from: 5, to: 1006, isRestart: false) == [.epochJump(1, former: five, to: later, from: endpoint())])
    #expect(try events(from: 5, to: 6, isRestart: false) == [])
    #expect(PeerEvent.epochJump(1, former: five, to: later, from: endpoint()).isWarning)
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
    let readiness = PeerEvent.rotation(
      RotationProgress(sendingKeys, of: MemberSet(1...1), awaited: MemberSet(1...1), own: new))
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
