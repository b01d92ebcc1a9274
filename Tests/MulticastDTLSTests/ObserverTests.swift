import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("What is said without being asked")
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

  private func refused(
    _ reason: RejectionReason, _ member: UInt8, from source: Endpoint = endpoint(), laterEpoch: Epoch? = nil,
    isRepeated: Bool = false
  ) -> Rejection {
    let header = RecordHeader(IndependentRecord(member: member, text: "").sealed(.ofVectors(.wdmNullSHA256)).span)
    return Rejection(reason, header, source, laterEpoch: laterEpoch, isRepeated: isRepeated)
  }

  private func makeObserver() -> Observer {
    Observer(start: start, followed: MemberSet(1...2))
  }

  /// What is said from one second to another, with a look each second, while members say their messages in between.
  private func notices(
    _ observer: inout Observer, _ seconds: ClosedRange<Int>, _ messages: (Int) -> [ReceivedMessage] = { _ in [] }
  ) -> [PeerEvent] {
    seconds.flatMap { second in
      let now = start + .seconds(second)
      let heard = messages(second).flatMap { observer.heard($0, now: now) }
      return heard + observer.tick([:], now: now)
    }
  }

  @Test("that nothing is heard is said after ten seconds, once, and again only when something was heard in between")
  func nothingHeard() {
    var observer = makeObserver()
    #expect(notices(&observer, 1...9) == [])
    #expect(notices(&observer, 10...100) == [.nothingHeard(for: .seconds(10), isArriving: false)])
    #expect(notices(&observer, 101...120) { $0 % 2 == 0 ? [message(1, UInt64($0 / 2))] : [] } == [])
    #expect(notices(&observer, 121...129) == [])
    #expect(
      notices(&observer, 130...300) == [
        .nothingHeard(for: .seconds(10), isArriving: false), .silent(1, for: .seconds(10)),
      ])
    var alone = Observer(start: start, followed: MemberSet([MemberID]()))
    #expect(notices(&alone, 1...100) == [])
  }

  @Test("that nothing is heard is put otherwise where records arrive that are refused")
  func nothingAccepted() {
    var observer = makeObserver()
    #expect(
      observer.rejected(refused(.forged, 1), now: start + .seconds(1)) == [
        .otherSecret(1, from: endpoint(), isExpected: true)
      ])
    #expect(notices(&observer, 2...20) == [.nothingHeard(for: .seconds(10), isArriving: true)])
  }

  @Test("members that speak once a minute are not missed after ten seconds")
  func slowGroup() {
    var observer = makeObserver()
    // After the first message nobody knows when to expect the next.
    let first = notices(&observer, 1...65) { $0 % 60 == 5 ? [message(1, UInt64($0 / 60))] : [] }
    #expect(first == [.nothingHeard(for: .seconds(30), isArriving: false)])
    #expect(notices(&observer, 66...300) { $0 % 60 == 5 ? [message(1, UInt64($0 / 60))] : [] } == [])
    #expect(
      notices(&observer, 301...900) == [
        .nothingHeard(for: .seconds(120), isArriving: false), .silent(1, for: .seconds(300)),
      ])
  }

  @Test("a peer that misses five of its intervals is called silent, once, and said to be back", arguments: [1, 3, 20])
  func silent(interval: Int) {
    var observer = makeObserver()
    let before = notices(&observer, 1...100) { second in
      [message(2, UInt64(second))] + (second % interval == 0 ? [message(1, UInt64(second / interval))] : [])
    }
    #expect(before == [])
    #expect(
      notices(&observer, 101...300) { [message(2, UInt64($0))] } == [.silent(1, for: .seconds(5 * interval))])
    #expect(observer.heard(message(1, 500), now: start + .seconds(301)) == [.heardAgain(1)])
  }

  @Test("a fast peer is called silent after a second, not sooner")
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
      notices(&observer, 30_004...30_020) == [
        .silent(1, for: .seconds(5)), .nothingHeard(for: .seconds(10), isArriving: false),
      ])
  }

  @Test("a peer that only repeats what it has said is told from one whose messages are doubled on the way")
  func repeating() {
    var observer = makeObserver()
    func replay(_ second: Int) -> [PeerEvent] {
      observer.rejected(refused(.replayed, 1), now: start + .seconds(second))
    }
    for second in 0..<100 {
      #expect(observer.heard(message(1, UInt64(second)), now: start + .seconds(second)) == [])
      #expect(replay(second) == [])
      #expect(replay(second) == [])
    }
    // Started again in its old epoch.
    #expect(replay(100) == [])
    #expect(replay(103) == [.repeatedNumbers(1, .first, from: endpoint())])
  }

  @Test("a restart is told with its epoch")
  func restarted() {
    var observer = makeObserver()
    #expect(observer.heard(message(1, 5), now: start) == [])
    #expect(
      observer.heard(message(1, 0, epoch: .last, isRestart: true), now: start) == [.restarted(1, .last)])
  }

  @Test("an epoch that jumps by more than 1,000 is a warning with both epochs, and no restart")
  func epochJump() throws {
    func notices(from: UInt16, to: UInt16, isRestart: Bool = true) throws -> [PeerEvent] {
      var observer = makeObserver()
      var arrival = message(1, 0, epoch: try Epoch(to), isRestart: isRestart)
      arrival.record.formerEpoch = try Epoch(from)
      return observer.heard(arrival, now: start)
    }
    #expect(try notices(from: 5, to: 1005) == [.restarted(1, try Epoch(1005))])
    let (five, later) = (try Epoch(5), try Epoch(1006))
    #expect(try notices(from: 5, to: 1006) == [.epochJump(1, from: five, to: later, source: endpoint())])
    // Also if the former epoch was heard before this node was started.
    #expect(
      try notices(from: 5, to: 1006, isRestart: false) == [.epochJump(1, from: five, to: later, source: endpoint())])
    #expect(try notices(from: 5, to: 6, isRestart: false) == [])
    #expect(PeerEvent.epochJump(1, from: five, to: later, source: endpoint()).isWarning)
  }

  @Test("who is too old since its numbers jumped is not said to repeat them")
  func leftBehind() throws {
    var observer = makeObserver()
    let jump = SequenceJump(member: 1, epoch: .first, from: 17, to: 4_294_967_295)
    #expect(observer.jumped([jump], now: start) == [.sequenceJump(jump)])
    func refusedNumber(_ sequence: UInt64, _ second: Int) -> [PeerEvent] {
      let header = RecordHeader(
        IndependentRecord(member: 1, sequence: sequence, text: "").sealed(.ofVectors(.wdmNullSHA256)).span)
      return observer.rejected(Rejection(.replayed, header, endpoint()), now: start + .seconds(second))
    }
    #expect((0...2).flatMap { refusedNumber(UInt64(17 + $0), $0) } == [.leftBehind(jump, from: endpoint())])
    #expect((100...103).flatMap { refusedNumber(16, $0) } == [.repeatedNumbers(1, .first, from: endpoint())])
  }

  @Test("who is overtaken in its own name is told of it besides that its ID is used by others")
  func overtaken() throws {
    var observer = makeObserver()
    let header = RecordHeader(
      IndependentRecord(member: 0, epoch: 9, text: "").sealed(.ofVectors(.wdmNullSHA256)).span)
    let overtaking = Overtaking(keyID: keyID, epoch: try Epoch(9), sequence: 0, ownEpoch: .first, ownNext: 5)
    let refused = Rejection(.duplicateID, header, endpoint(), overtaking: overtaking)
    #expect(
      observer.rejected(refused, now: start) == [
        .duplicateID(from: endpoint(), isRepeated: false), .overtaken(overtaking, from: endpoint()),
      ])
    #expect(observer.rejected(refused, now: start + .seconds(9)) == [])
    // The ID alone is said once an hour.
    #expect(observer.rejected(refused, now: start + .seconds(10)) == [.overtaken(overtaking, from: endpoint())])
  }

  @Test("a member that never came is missed after thirty seconds, once and with all others, and told when it comes")
  func neverHeard() {
    func observer(_ awaited: MemberSet) -> Observer {
      Observer(start: start, followed: MemberSet(1...255), awaited: awaited)
    }
    var one = observer(MemberSet([1, 2, 5]))
    #expect(notices(&one, 1...29) { [message(1, UInt64($0))] } == [])
    #expect(notices(&one, 30...200) { [message(1, UInt64($0))] } == [.neverHeard(MemberSet([2, 5]))])
    #expect(one.heard(message(2, 7), now: start + .seconds(201)) == [.heardLate(2, after: .seconds(201))])
    #expect(one.heard(message(2, 8), now: start + .seconds(202)) == [])
    // All that were named have come; strangers are not waited for, nor anybody where everyone is listened to.
    var all = observer(MemberSet([1]))
    #expect(notices(&all, 1...100) { [message(1, UInt64($0))] } == [])
    #expect(MemberSet(0...255).expected(at: 3) == MemberSet([]))
    #expect(MemberSet(0...254).expected(at: 3).members.count == 254)
    // Nobody listens while the machine sleeps.
    var asleep = observer(MemberSet([1, 2]))
    _ = notices(&asleep, 1...10) { [message(1, UInt64($0))] }
    #expect(notices(&asleep, 1000...1019) { [message(1, UInt64($0))] } == [])
    #expect(notices(&asleep, 1020...1021) { [message(1, UInt64($0))] } == [.neverHeard(MemberSet([2]))])
  }

  @Test("silence is told to the figures, also where no line may say so")
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

  @Test("where all are is said after this node has gone over to another key, too: it may be the last")
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
    // Who listens only sends with none.
    var listener = Observer(start: start, followed: MemberSet(1...1))
    #expect(listener.tick(sendingKeys, now: start + .seconds(1)) == [])
  }

  @Test("keys that go back and forth all the time are told of at most every five seconds, and the last state is told")
  func readinessLimit() {
    var observer = Observer(start: start, followed: MemberSet(1...1), sendingKey: keyID)
    let new = KeyID([1, 2, 3, 4])
    var times: [Int] = []
    for second in 1...600 {
      let notices = observer.tick(
        [:], sendingKey: second < 500 && second % 2 == 0 ? keyID : new, now: start + .seconds(second))
      if !notices.filter({ $0.kind == .rotation }).isEmpty { times.append(second) }
    }
    #expect(times.count <= 8 + 500 / 5 && (times.last ?? 0) >= 499 && (times.last ?? 0) <= 505, "\(times)")
  }

  @Test("messages without room are told with how many, and what the kernel dropped, too; seldom, and none is left out")
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
      for notice in observer.tick([:], now: now) {
        guard case .overrun(let count) = notice else { continue }
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

  @Test("what was lost since the last line is told at the end, but for what came while the program ended")
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

  @Test("each refusal that a person can do something about is told with the address, and no other")
  func refusals() throws {
    var observer = makeObserver()
    let (source, later) = (endpoint(7), try Epoch(5))
    func notices(_ refused: Rejection) -> [PeerEvent] { observer.rejected(refused, now: start) }
    #expect(notices(refused(.forged, 1, from: source)) == [.otherSecret(1, from: source, isExpected: true)])
    #expect(notices(refused(.unknownMember, 9, from: source)) == [.unknownMember(9, from: source)])
    #expect(
      notices(refused(.staleEpoch, 1, from: source, laterEpoch: later))
        == [.staleEpoch(1, .first, later: later, from: source)])
    #expect(notices(refused(.duplicateID, 0, from: source)) == [.duplicateID(from: source, isRepeated: false)])
    observer = makeObserver()
    #expect(
      notices(refused(.duplicateID, 0, from: source, isRepeated: true)) == [
        .duplicateID(from: source, isRepeated: true)
      ])
    for reason in [RejectionReason.foreign, .malformed, .own, .overrun, .replayed] {
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
    #expect(observer.rejected(refused(.replayed, 1, from: here), now: start) == [])
    #expect(observer.heard(message(1, 4, from: there), now: start) == [])
    let notices = observer.rejected(refused(.staleEpoch, 1, from: here, laterEpoch: .last), now: start)
    #expect(notices.contains(.alternatingSources(1, there, here)) && notices.count == 2)
  }

  @Test("what does not authenticate never counts as an address of its node")
  func forgedAddress() {
    var observer = makeObserver()
    for sequence in 0..<20 as Range<UInt64> {
      #expect(observer.heard(message(1, sequence, from: endpoint(1)), now: start) == [])
      let notices = observer.rejected(refused(.forged, 1, from: endpoint(2)), now: start)
      #expect(!notices.contains { if case .alternatingSources = $0 { true } else { false } })
    }
  }

  @Test("a cause and a peer have one notice in ten seconds, and then fewer and fewer")
  func limit() {
    var observer = makeObserver()
    let times = (0..<10_000).filter { !observer.rejected(refused(.forged, 1), now: start + .seconds($0)).isEmpty }
    #expect(times == [0, 10, 30, 70, 150, 310, 630, 1270, 2550, 5110, 8710])
    // After a minute without it, it is new.
    let again = (10_060...10_080).filter { !observer.rejected(refused(.forged, 1), now: start + .seconds($0)).isEmpty }
    #expect(again == [10_060, 10_070])
  }

  @Test(
    "whoever goes through all IDs again and again, with forged or recorded records, causes fewer and fewer lines, which name them",
    arguments: [RejectionReason.forged, .unknownMember, .otherSuite, .staleEpoch, .duplicateID, .replayed], [1, 4, 300])
  func flood(reason: RejectionReason, perSecond: Int) throws {
    var observer = Observer(start: start, followed: MemberSet(0...255))
    var times: [Int] = []
    var last: MemberSet?
    var (member, count) = (0, 0)
    for second in 0..<(perSecond < 100 ? 700 : 60) {
      let now = start + .seconds(second)
      var notices: [PeerEvent] = []
      for _ in 0..<perSecond {
        // Repeated records are a notice when the same member does it again and again.
        if reason != .replayed || second % 3 == 0 { member = (member + 1) % 256 }
        notices += observer.rejected(refused(reason, UInt8(member), laterEpoch: .last), now: now)
        count += 1
      }
      notices += observer.tick([:], now: now)
      for notice in notices where notice.kind != .nothingHeard {
        times.append(second)
        last = notice.members
      }
    }
    #expect(times == Array(Set(times)).sorted(), "twice in one second")
    // 0, 10, 30, 70, 150, 310, 630 seconds.
    #expect(times.count <= 7, "\(times.count) lines")
    if perSecond == 4, reason != .duplicateID { #expect(try #require(last).members.count == 256) }
  }

  @Test("members that forge one after the other are all named, in the second line of the cause")
  func named() {
    var observer = makeObserver()
    #expect(
      observer.rejected(refused(.forged, 3), now: start) == [.otherSecret(3, from: endpoint(), isExpected: false)])
    for member in [9, 7, 8, 3] as [UInt8] {
      #expect(observer.rejected(refused(.forged, member), now: start + .seconds(1)) == [])
    }
    // Nothing more comes, and they are named all the same, when it is time.
    #expect(notices(&observer, 2...9) == [])
    #expect(
      notices(&observer, 10...12) { _ in [message(1, 0)] }.map(\.members)
        == [MemberSet([3, 7, 8, 9])])
    #expect(notices(&observer, 13...100) { [message(1, UInt64($0))] } == [])
  }

  @Test("what still waits is said in the end")
  func rest() {
    var observer = makeObserver()
    for member in [1, 2] as [UInt8] { _ = observer.rejected(refused(.forged, member), now: start) }
    #expect(observer.finish() == [.otherSecret(2, from: endpoint(), isExpected: true)])
    #expect(observer.finish() == [])
  }

  @Test("if all members restart at once, eight have a line, the others are named in the next, and nobody is left out")
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

  @Test("a member that falls silent and is back before there was a line to say so has none")
  func backInTime() {
    var limit = EventRateLimit()
    for member in 0..<10 as Range<UInt8> {
      let notice = limit.admit(.silent(MemberID(rawValue: member), for: .seconds(5)), now: start)
      #expect((notice != nil) == (member < 8))
    }
    #expect(limit.admit(.heardAgain(9), now: start + .seconds(1)) == nil)
    #expect(limit.admit(.heardAgain(3), now: start + .seconds(1)) == .heardAgain(3))
    #expect(limit.due(now: start + .seconds(59)) == [])
    #expect(limit.due(now: start + .seconds(60)) == [.silent(8, for: .seconds(5))])
  }

  @Test("forgeries in other names do not use up what is said of a peer's")
  func ownBudget() {
    var observer = makeObserver()
    for member in 3...255 as ClosedRange<UInt8> { _ = observer.rejected(refused(.forged, member), now: start) }
    #expect(observer.rejected(refused(.forged, 9), now: start) == [])
    #expect(observer.rejected(refused(.forged, 1), now: start) == [.otherSecret(1, from: endpoint(), isExpected: true)])
    #expect(observer.rejected(refused(.staleEpoch, 1, laterEpoch: .last), now: start).count == 1)
  }

  @Test("that an ID is used twice is told once, in whichever words, and an hour later once more")
  func once() {
    var observer = makeObserver()
    let times = (0..<7000).filter {
      let refused = refused(.duplicateID, 0, isRepeated: $0 % 100 == 0)
      return !observer.rejected(refused, now: start + .seconds($0)).isEmpty
    }
    #expect(times == [0, 3600])
  }

  @Test("a member that goes over to another key is told once, is no restart, and is not missed for it")
  func keyChange() {
    var observer = makeObserver()
    let new = KeyID([1, 2, 3, 4])
    _ = notices(&observer, 0...20) { [message(1, UInt64($0)), message(2, UInt64($0))] }
    var moved = ReceivedRecord(count: 0, keyID: new, lost: 0, isLate: false)
    moved.isKeyChange = true
    let origin = Message.Origin(sender: 1, epoch: .first, sequence: 0, source: endpoint())
    let said = observer.heard((moved, origin), now: start + .seconds(21))
    #expect(said == [.keyChange(1, to: new)])
    // With the next look around, where all are by now; once.
    #expect(notices(&observer, 21...21).map(\.kind) == [.rotation])
    // It is known how often it speaks, so that its silence is noticed as soon as before.
    _ = notices(&observer, 22...23) { [message(2, UInt64($0))] }
    #expect(notices(&observer, 24...40) { [message(2, UInt64($0))] } == [.silent(1, for: .seconds(5))])
  }
}
