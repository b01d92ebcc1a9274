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
  ) -> [Notice] {
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
    #expect(observer.rejected(refused(.forged, 1), now: start + .seconds(1)) == [.forged(1, endpoint())])
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
        observer.heard(message(1, UInt64(number)), now: now) == [] && observer.tick([:], now: now) == [])
    }
    #expect(observer.tick([:], now: start + .milliseconds(10_999)) == [])
    #expect(observer.tick([:], now: start + .milliseconds(11_000)) == [.silent(1, .seconds(1))])
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
      observer.rejected(refused(.replayed, 1), now: start + .seconds(second))
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

  @Test("an epoch that jumps by more than 1,000 is a warning with both epochs, and no restart")
  func epochJump() throws {
    func notices(from: UInt16, to: UInt16, isRestart: Bool = true) throws -> [Notice] {
      var observer = makeObserver()
      var arrival = message(1, 0, epoch: try Epoch(to), isRestart: isRestart)
      arrival.record.formerEpoch = try Epoch(from)
      return observer.heard(arrival, now: start)
    }
    #expect(try notices(from: 5, to: 1005) == [.restarted(1, try Epoch(1005))])
    let (five, later) = (try Epoch(5), try Epoch(1006))
    #expect(try notices(from: 5, to: 1006) == [.epochJump(1, from: five, to: later, endpoint())])
    // Also if the former epoch was heard before this node was started.
    #expect(try notices(from: 5, to: 1006, isRestart: false) == [.epochJump(1, from: five, to: later, endpoint())])
    #expect(try notices(from: 5, to: 6, isRestart: false) == [])
    #expect(Notice.epochJump(1, from: five, to: later, endpoint()).level == .warning)
  }

  @Test("who is too old since its numbers jumped is not said to repeat them")
  func leftBehind() throws {
    var observer = makeObserver()
    let jump = SequenceJump(member: 1, epoch: .first, from: 17, to: 4_294_967_295)
    #expect(observer.jumped([jump], now: start) == [.sequenceJump(jump)])
    func refusedNumber(_ sequence: UInt64, _ second: Int) -> [Notice] {
      let header = RecordHeader(
        IndependentRecord(member: 1, sequence: sequence, text: "").sealed(.ofVectors(.wdmNullSHA256)).span)
      return observer.rejected(Rejection(.replayed, header, endpoint()), now: start + .seconds(second))
    }
    #expect((0...2).flatMap { refusedNumber(UInt64(17 + $0), $0) } == [.leftBehind(jump, endpoint())])
    #expect((100...103).flatMap { refusedNumber(16, $0) } == [.repeating(1, .first, endpoint())])
  }

  @Test("who is overtaken in its own name is told of it besides that its ID is used by others")
  func overtaken() throws {
    var observer = makeObserver()
    let header = RecordHeader(
      IndependentRecord(member: 0, epoch: 9, text: "").sealed(.ofVectors(.wdmNullSHA256)).span)
    let overtaking = Overtaking(keyID: keyID, epoch: try Epoch(9), sequence: 0, ownEpoch: .first, ownNext: 5)
    let refused = Rejection(.duplicateID, header, endpoint(), overtaking: overtaking)
    #expect(observer.rejected(refused, now: start) == [.ownIDUsed(endpoint()), .overtaken(overtaking, endpoint())])
    #expect(observer.rejected(refused, now: start + .seconds(9)) == [])
    // The ID alone is said once an hour.
    #expect(observer.rejected(refused, now: start + .seconds(10)) == [.overtaken(overtaking, endpoint())])
  }

  @Test("a member that never came is missed after thirty seconds, once and with all others, and told when it comes")
  func neverHeard() {
    func observer(_ awaited: MemberSet) -> Observer {
      Observer(start: start, followed: MemberSet(1...255), awaited: awaited)
    }
    var one = observer(MemberSet([1, 2, 5]))
    #expect(notices(&one, 1...29) { [message(1, UInt64($0))] } == [])
    #expect(notices(&one, 30...200) { [message(1, UInt64($0))] } == [.neverHeard(MemberSet([2, 5]))])
    #expect(one.heard(message(2, 7), now: start + .seconds(201)) == [.heardLate(2, .seconds(201))])
    #expect(one.heard(message(2, 8), now: start + .seconds(202)) == [])
    // All that were named have come; strangers are not waited for, nor anybody where everyone is listened to.
    var all = observer(MemberSet([1]))
    #expect(notices(&all, 1...100) { [message(1, UInt64($0))] } == [])
    #expect(MemberSet(0...255).awaited(at: 3) == MemberSet([]))
    #expect(MemberSet(0...254).awaited(at: 3).members.count == 254)
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
      lines += observer.tick([:], now: start + .seconds(second)).count { $0.cause == .silent }
      silent += observer.newlySilent
    }
    #expect(MemberSet(silent) == MemberSet(0...19) && silent.count == 20 && lines == 8)
  }

  @Test("where all are is said after this node has gone over to another key, too: it may be the last")
  func ownKeyChange() {
    let new = KeyID([1, 2, 3, 4])
    var observer = Observer(start: start, followed: MemberSet(1...1), awaited: MemberSet(1...1), sendingKey: keyID)
    let sendingKeys: [MemberID: KeyID] = [1: new]
    func tick(_ second: Int, _ sendingKey: KeyID?) -> [Notice] {
      observer.tick(sendingKeys, sendingKey: sendingKey, now: start + .seconds(second))
    }
    let readiness = Notice.readiness(RotationProgress(sendingKeys, of: MemberSet(1...1), awaited: MemberSet(1...1)))
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
      if !notices.filter({ $0.cause == .readiness }).isEmpty { times.append(second) }
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
    var dropped: [Notice] = []
    for second in 700..<900 {
      dropped += observer.tick(
        [:], droppedByKernel: min(second - 700, 100), now: start + .seconds(second)
      ).filter { $0.cause == .kernelDrops }
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
    func lose(_ count: Int, at second: Int) -> [Notice] {
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
    func notices(_ refused: Rejection) -> [Notice] { observer.rejected(refused, now: start) }
    #expect(notices(refused(.forged, 1, from: source)) == [.forged(1, source)])
    #expect(notices(refused(.unknownMember, 9, from: source)) == [.unknownMember(9, source)])
    #expect(
      notices(refused(.staleEpoch, 1, from: source, laterEpoch: later))
        == [.staleEpoch(1, .first, later: later, source)])
    #expect(notices(refused(.duplicateID, 0, from: source)) == [.ownIDUsed(source)])
    observer = makeObserver()
    #expect(notices(refused(.duplicateID, 0, from: source, isRepeated: true)) == [.ownIDRepeated(source)])
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
    #expect(notices.contains(.alternating(1, there, here)) && notices.count == 2)
  }

  @Test("what does not authenticate never counts as an address of its node")
  func forgedAddress() {
    var observer = makeObserver()
    for sequence in 0..<20 as Range<UInt64> {
      #expect(observer.heard(message(1, sequence, from: endpoint(1)), now: start) == [])
      let notices = observer.rejected(refused(.forged, 1, from: endpoint(2)), now: start)
      #expect(!notices.contains { if case .alternating = $0 { true } else { false } })
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
      var notices: [Notice] = []
      for _ in 0..<perSecond {
        // Repeated records are a notice when the same member does it again and again.
        if reason != .replayed || second % 3 == 0 { member = (member + 1) % 256 }
        notices += observer.rejected(refused(reason, UInt8(member), laterEpoch: .last), now: now)
        count += 1
      }
      notices += observer.tick([:], now: now)
      for notice in notices where notice.cause != .nothingHeard {
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
    #expect(observer.rejected(refused(.forged, 3), now: start) == [.forgedOther(3, endpoint())])
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
    #expect(observer.finish() == [.forged(2, endpoint())])
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
      .filter { $0.cause == .restarted }
    #expect(later.count == 1)
    #expect(MemberSet((said + later).flatMap(\.members.members)) == MemberSet(0...99))
    #expect(later.first?.level == .info)
  }

  @Test("a member that falls silent and is back before there was a line to say so has none")
  func backInTime() {
    var limit = NoticeRateLimit()
    for member in 0..<10 as Range<UInt8> {
      let notice = limit.admit(.silent(MemberID(rawValue: member), .seconds(5)), now: start)
      #expect((notice != nil) == (member < 8))
    }
    #expect(limit.admit(.heardAgain(9), now: start + .seconds(1)) == nil)
    #expect(limit.admit(.heardAgain(3), now: start + .seconds(1)) == .heardAgain(3))
    #expect(limit.due(now: start + .seconds(59)) == [])
    #expect(limit.due(now: start + .seconds(60)) == [.silent(8, .seconds(5))])
  }

  @Test("forgeries in other names do not use up what is said of a peer's")
  func ownBudget() {
    var observer = makeObserver()
    for member in 3...255 as ClosedRange<UInt8> { _ = observer.rejected(refused(.forged, member), now: start) }
    #expect(observer.rejected(refused(.forged, 9), now: start) == [])
    #expect(observer.rejected(refused(.forged, 1), now: start) == [.forged(1, endpoint())])
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

  @Test("where all members are by now is told with each that moves, and in the end that all have")
  func readiness() {
    let (old, new) = (keyID, KeyID([1, 2, 3, 4]))
    var here = LocalMember(
      member: 0, peers: MemberSet(0...4), keyIDs: [old, new], isEncrypted: true, group: .standard, interface: "lo")
    var sendingKeys: [MemberID: KeyID] = [:]
    func text(of followed: MemberSet = MemberSet(1...3)) -> String {
      RotationProgress(sendingKeys, of: followed, awaited: followed.awaited(at: 0)).text(here)
    }
    #expect(text() == "nobody was heard yet; this node sends with 9ab7-6d2d")
    sendingKeys = [1: old, 2: new]
    #expect(
      text()
        == "last heard: node 2 with 0102-0304, node 1 with 9ab7-6d2d, not heard: node 3; this node sends with 9ab7-6d2d"
    )
    sendingKeys = [1: new, 2: new, 3: new]
    #expect(text() == "all other members were heard with key ID 0102-0304, but this node sends with 9ab7-6d2d")
    here.keyIDs = [new, old]
    #expect(text() == "all other members were heard with key ID 0102-0304, and this node sends with it, too")
    // Where everyone is listened to, nobody is waited for.
    #expect(
      text(of: MemberSet(0...255))
        == "all members that were heard, nodes 1-3, send with key ID 0102-0304, and this node sends with it, too")
    // Who only listens sends with none.
    here = LocalMember(
      member: nil, peers: MemberSet(0...3), keyIDs: [new, old], isEncrypted: true, group: .standard, interface: "lo")
    #expect(text() == "all other members were heard with key ID 0102-0304")
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
    #expect(said == [.keyChanged(1, new)])
    // With the next look around, where all are by now; once.
    #expect(notices(&observer, 21...21).map(\.subject.cause) == [.readiness])
    // It is known how often it speaks, so that its silence is noticed as soon as before.
    _ = notices(&observer, 22...23) { [message(2, UInt64($0))] }
    #expect(notices(&observer, 24...40) { [message(2, UInt64($0))] } == [.silent(1, .seconds(5))])
  }

  @Test("every notice is one line that names what it is about and what to do")
  func texts() throws {
    let here = LocalMember(
      member: 0, peers: MemberSet(0...2), keyIDs: [keyID], isEncrypted: false, group: .standard,
      interface: "lo")
    let key = KeyID([1, 2, 3, 4])
    let sendingKeys: [MemberID: KeyID] = [1: key]
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
        .readiness(RotationProgress(sendingKeys, of: MemberSet(1...2), awaited: MemberSet(1...2))),
        ["last heard: node 1 with 0102-0304", "not heard: node 2", "this node sends with 9ab7-6d2d"]
      ),
      (.keyChanged(1, key), ["node 1 now sends with key ID 0102-0304"]),
      (
        .keyDropped(key, [1, 2]),
        [
          "0102-0304", "nodes 1-2", "if they are still to be members, add and promote 9ab7-6d2d",
          "nothing is to be done",
        ]
      ),
      (
        .keyDropped(key, [1]),
        [
          "if node 1 is still to be a member, add and promote 9ab7-6d2d there; if it was removed",
          "nothing is to be done",
        ]
      ),
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

  private let here = LocalMember(
    member: 0, peers: MemberSet(0...2), keyIDs: [KeyID([0x9A, 0xB7, 0x6D, 0x2D])], isEncrypted: false, group: .standard,
    interface: "lo")

  private func expect(_ notice: Notice, says words: [String]) {
    let text = notice.text(here)
    for word in words { #expect(text.contains(word), "\(text)") }
    #expect(!text.contains("\n"))
  }

  @Test("what a holder of the secret can do to another is told to both sides, with what to do")
  func jumpTexts() throws {
    let one = endpoint(1)
    let jump = SequenceJump(member: 1, epoch: .first, from: 14, to: 4_294_967_295)
    func overtaken(_ epoch: UInt16, _ sequence: UInt64) throws -> Notice {
      .overtaken(
        Overtaking(keyID: keyID, epoch: try Epoch(epoch), sequence: sequence, ownEpoch: try Epoch(3), ownNext: 17), one)
    }
    expect(
      .epochJump(1, from: try Epoch(5), to: .last, one),
      says: ["node 1 jumps from epoch 5 to epoch 65535", "192.0.2.1:1000", "change the secret"])
    expect(
      .sequenceJump(jump),
      says: ["node 1 jumps from number 14 to number 4294967295 of epoch 1", "counted as lost", "change the secret"])
    expect(
      .leftBehind(jump, one),
      says: ["node 1 at 192.0.2.1:1000", "too old", "14 to 4294967295 of epoch 1", "restart it"])
    expect(
      try overtaken(9, 0),
      says: [
        "the others no longer hear this node 0", "192.0.2.1:1000", "of epoch 9, and this node sends in epoch 3",
        "--epoch 10, once", "change the secret",
      ])
    expect(
      try overtaken(65535, 0),
      says: ["no longer hear this node 0", "of epoch 65535", "No later epoch is left", "only a new secret helps"])
    expect(
      try overtaken(3, 4_294_967_295),
      says: [
        "no longer hear this node 0", "number 4294967295 of epoch 3", "is at 17", "in a later epoch",
        "change the secret",
      ])
  }

  @Test("who is missing, and what was lost, is told with what to do")
  func lossTexts() {
    expect(
      .also(.forged(1, endpoint(1)), MemberSet([2, 7])),
      says: ["as node 1 do not authenticate", "(also nodes 2,7, since the last line of this kind)"])
    expect(
      .neverHeard(MemberSet([1, 2])),
      says: ["nodes 1-2, of --peers, not heard since the start", "key ID 9ab7-6d2d", "239.255.0.1:12345"])
    expect(.neverHeard(MemberSet([2])), says: ["node 2, of --peers, not heard since the start"])
    expect(.heardLate(2, .seconds(95)), says: ["node 2 is heard now, 95 s after the start"])
    expect(.overrun(3904), says: ["3904 messages were lost here", "overrun", "faster", "--rate"])
    expect(
      .kernelDrops(95_603), says: ["the kernel dropped about 95603 datagrams", "net.core.rmem_max", "--rate"])
  }
}
