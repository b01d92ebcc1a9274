import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Following senders from epoch to epoch")
struct FollowingTests {
  private let start = BootInstant.now
  private let keys = RecordKeys.ofVectors(.wdmNullSHA256)

  private func text(_ outcome: Result<ReceivedRecord, Rejection>, _ members: TestReceiver) -> String {
    switch outcome {
    case .success(let arrival): members.text(of: arrival)
    case .failure(let refused): refused.reason.rawValue
    }
  }

  /// What becomes of a record of member 1 that says its own epoch and number, or of a forgery of it.
  private func open(
    _ members: TestReceiver, _ epoch: UInt16, _ sequence: UInt64, after delay: Duration = .zero, forged: Bool = false
  ) -> String {
    var record = IndependentRecord(member: 1, sequence: sequence, epoch: epoch, text: "\(epoch)/\(sequence)")
      .sealed(keys)
    if forged { record[record.count - 1] ^= 1 }
    return text(members.open(record, now: start + delay), members)
  }

  @Test("whatever the epoch in which a sender is first heard, it is followed")
  func first() throws {
    #expect(open(try makeReceiver(), 7, 3) == "7/3")
    #expect(open(try makeReceiver(), 65535, 0) == "65535/0")
  }

  @Test("the first record of a later epoch is delivered, and from then on earlier epochs are refused")
  func later() throws {
    let members = try makeReceiver()
    #expect(open(members, 2, 100) == "2/100")
    #expect(open(members, 3, 0) == "3/0")
    #expect(open(members, 9, 0) == "9/0")
    for epoch in [1, 2, 4, 8] as [UInt16] { #expect(open(members, epoch, 200, after: .seconds(5)) == "stale epoch") }
    #expect(open(members, 9, 1) == "9/1")
  }

  @Test("forged epochs change nothing, and nothing is built for them")
  func forged() throws {
    let members = try makeReceiver()
    #expect(open(members, 2, 0) == "2/0")
    for epoch in 3...2000 as ClosedRange<UInt16> { #expect(open(members, epoch, 0, forged: true) == "forged") }
    #expect(open(members, 1, 0, forged: true) == "forged")
    #expect(open(members, 2, 1) == "2/1")
    #expect(open(members, 3, 0) == "3/0")
  }

  @Test("stragglers of the epoch before are taken for a moment, once each, and then no more")
  func stragglers() throws {
    let members = try makeReceiver()
    for sequence in [0, 1, 4] as [UInt64] { #expect(open(members, 2, sequence) == "2/\(sequence)") }
    #expect(open(members, 3, 0) == "3/0")
    #expect(open(members, 2, 3, after: .milliseconds(900)) == "2/3")
    #expect(open(members, 2, 3, after: .milliseconds(900)) == "replayed")
    #expect(open(members, 3, 1, after: .milliseconds(900)) == "3/1")
    #expect(open(members, 2, 2, after: .milliseconds(1000)) == "stale epoch")
    #expect(open(members, 3, 2, after: .seconds(2)) == "3/2")
  }

  @Test("what was heard before this node was started is not heard again, and what is new is")
  func heardBefore() throws {
    let members = try makeReceiver(heardBefore: [1: ReplayPosition(epoch: Epoch(5), next: 100)])
    for sequence in 0..<100 as Range<UInt64> { #expect(open(members, 5, sequence) == "replayed") }
    #expect(open(members, 4, 200) == "stale epoch")
    #expect(members.positions.values.first == [:])
    #expect(open(members, 5, 100) == "5/100")
    #expect(members.positions.values.first == [1: ReplayPosition(epoch: try Epoch(5), next: 101)])
    #expect(open(members, 6, 0) == "6/0")
    #expect(members.positions.values.first == [1: ReplayPosition(epoch: try Epoch(6), next: 1)])
  }

  @Test(
    "a holder of the secret cannot have a longer message delivered than a member can send, under either suite",
    arguments: CipherSuite.allCases, RecordEngine.allCases)
  func longest(suite: CipherSuite, engine: RecordEngine) throws {
    let members = try makeReceiver(suite: suite, engine: engine)
    func outcome(_ sequence: UInt64, _ count: Int) -> String {
      let record = IndependentRecord(
        member: 1, sequence: sequence, payload: [UInt8](repeating: UInt8(ascii: "x"), count: count))
      return text(members.open(record.sealed(.ofVectors(suite)), now: start), members)
    }
    let longest = suite.maximumPayload
    #expect(longest == (suite.isEncrypted ? 1359 : 1343))
    // As the first record, and once there is a session; up to what filled 1400 bytes, and beyond.
    for count in (longest + 1)...(longest + 13) { #expect(outcome(0, count) == "malformed", "\(count)") }
    #expect(outcome(0, longest) == String(repeating: "x", count: longest))
    for count in (longest + 1)...(longest + 13) { #expect(outcome(1, count) == "malformed", "\(count)") }
    #expect(outcome(1, longest) == String(repeating: "x", count: longest))
  }

  @Test("an empty message can be the first of an epoch, and a replay of it is refused")
  func empty() throws {
    let members = try makeReceiver()
    let record = IndependentRecord(member: 1, epoch: 2, payload: []).sealed(keys)
    #expect(text(members.open(record, now: start), members) == "")
    #expect(text(members.open(record, now: start), members) == "replayed")
    #expect(open(members, 2, 1) == "2/1")
  }

  @Test(
    "a gap of more than 2^20 numbers is a jump: told, and not counted as lost, nor what comes late from it taken off")
  func jump() throws {
    let members = try makeReceiver()
    let long: UInt64 = 1 << 20
    #expect(try account(members, 1, 10) == [0, 0, 0])
    #expect(try account(members, 1, 11 + long) == [Int64(long), 0, 0])
    #expect(members.takeJumps() == [])
    #expect(try account(members, 1, 13 + 2 * long) == [0, 0, 0])
    #expect(members.takeJumps() == [SequenceJump(member: 1, epoch: .first, from: 12 + long, to: 13 + 2 * long)])
    #expect(members.takeJumps() == [])
    #expect(try account(members, 1, 12 + 2 * long) == [0, 1, 0])
    #expect(try account(members, 1, 15 + 2 * long) == [1, 0, 0])
    #expect(try account(members, 1, 14 + 2 * long) == [-1, 1, 0])
    // The record that a holder of the secret sends to shut another up.
    #expect(try account(members, 1, RecordHeader.sequenceLimit - 1) == [0, 0, 0])
    #expect(members.takeJumps().map(\.to) == [4_294_967_295])
    // Also as the first of an epoch that we were there for.
    #expect(try account(members, 2, 4_294_967_000) == [0, 0, 1])
    #expect(members.takeJumps() == [SequenceJump(member: 1, epoch: try Epoch(2), from: 0, to: 4_294_967_000)])
  }

  @Test("whatever order numbers come in, and however they jump, what is lost is never negative", arguments: 1...5)
  func neverNegative(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let members = try makeReceiver()
    var (lost, received) = (0 as Int64, 0)
    var highest: UInt64 = 0
    for _ in 0..<3000 {
      let sequence =
        switch Int.random(in: 0..<20, using: &generator) {
        case 0: highest + UInt64.random(in: 1 << 19...1 << 22, using: &generator)
        case 1...8: highest - min(highest, UInt64.random(in: 0...70, using: &generator))
        default: highest + UInt64.random(in: 1...20, using: &generator)
        }
      guard sequence < RecordHeader.sequenceLimit else { break }
      highest = max(highest, sequence)
      let record = IndependentRecord(member: 1, sequence: sequence, text: "").sealed(keys)
      guard case .success(let arrival) = members.open(record, now: start) else { continue }
      lost += arrival.lost
      received += 1
      #expect(lost >= 0)
    }
    let jumps = members.takeJumps()
    #expect(received > 1000 && lost > 0 && !jumps.isEmpty)
  }

  @Test("the first record of a later epoch tells the one before, also from before this node was started")
  func formerEpoch() throws {
    let members = try makeReceiver(heardBefore: [1: ReplayPosition(epoch: try Epoch(5), next: 1)])
    func former(_ epoch: UInt16, _ sequence: UInt64) throws -> UInt16? {
      let record = IndependentRecord(member: 1, sequence: sequence, epoch: epoch, text: "Hello").sealed(keys)
      return try members.open(record, now: start).get().formerEpoch?.rawValue
    }
    #expect(try former(65_535, 0) == 5)
    #expect(try former(65_535, 1) == nil)
    #expect(
      try makeReceiver().open(IndependentRecord(member: 1, epoch: 9, text: "").sealed(keys)).get().formerEpoch == nil)
  }

  /// Missing, late, and whether its sender began a new epoch.
  private func account(_ members: TestReceiver, _ epoch: UInt16, _ sequence: UInt64) throws -> [Int64] {
    let record = IndependentRecord(member: 1, sequence: sequence, epoch: epoch, text: "Hello").sealed(keys)
    let arrival = try members.open(record, now: start).get()
    return [arrival.lost, arrival.isLate ? 1 : 0, arrival.isRestart ? 1 : 0]
  }

  @Test("missing, late and restarted are told from the numbers; what was sent before we listened is not missing")
  func accounts() throws {
    let members = try makeReceiver()
    #expect(try account(members, 1, 10) == [0, 0, 0])
    #expect(try account(members, 1, 9) == [0, 1, 0])
    #expect(try account(members, 1, 11) == [0, 0, 0])
    #expect(try account(members, 1, 15) == [3, 0, 0])
    #expect(try account(members, 1, 13) == [-1, 1, 0])
    // We were there when it restarted: its first two are missing.
    #expect(try account(members, 2, 2) == [2, 0, 1])
    #expect(try account(members, 2, 1) == [-1, 1, 0])
    #expect(try account(members, 1, 14) == [-1, 1, 0])
    #expect(try account(members, 2, 3) == [0, 0, 0])
    // We were not there while it sent these.
    let later = try makeReceiver(heardBefore: [1: ReplayPosition(epoch: .first, next: 5)])
    #expect(try account(later, 1, 9) == [0, 0, 0])
    #expect(try account(later, 1, 11) == [1, 0, 0])
  }
}
