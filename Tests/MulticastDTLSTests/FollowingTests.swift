import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Following senders from epoch to epoch")
struct FollowingTests {
  private let start = BootInstant.now
  private let keys = RecordKeys.ofVectors(.wdmNullSHA256)

  private func text(_ outcome: Result<ReceivedRecord, Rejection>, _ receiver: TestReceiver) -> String {
    switch outcome {
    case .success(let arrival): receiver.text(of: arrival)
    case .failure(let rejection): rejection.reason.rawValue
    }
  }

  /// The outcome of a record of member 1, or of a forgery of it. Its text is its epoch and number.
  private func open(
    _ receiver: TestReceiver, _ epoch: UInt16, _ sequence: UInt64, after delay: Duration = .zero, forged: Bool = false
  ) -> String {
    var record = IndependentRecord(member: 1, sequence: sequence, epoch: epoch, text: "\(epoch)/\(sequence)")
      .sealed(keys)
    if forged { record[record.count - 1] ^= 1 }
    return text(receiver.open(record, now: start + delay), receiver)
  }

  @Test("a sender may be heard first in any epoch")
  func first() throws {
    #expect(open(try makeReceiver(), 7, 3) == "7/3")
    #expect(open(try makeReceiver(), 65535, 0) == "65535/0")
  }

  @Test("the first record of a later epoch is delivered, and earlier epochs are rejected from then on")
  func later() throws {
    let receiver = try makeReceiver()
    #expect(open(receiver, 2, 100) == "2/100")
    #expect(open(receiver, 3, 0) == "3/0")
    #expect(open(receiver, 9, 0) == "9/0")
    for epoch in [1, 2, 4, 8] as [UInt16] { #expect(open(receiver, epoch, 200, after: .seconds(5)) == "stale epoch") }
    #expect(open(receiver, 9, 1) == "9/1")
  }

  @Test("forged records of any epoch are rejected, and change nothing")
  func forged() throws {
    let receiver = try makeReceiver()
    #expect(open(receiver, 2, 0) == "2/0")
    for epoch in 3...2000 as ClosedRange<UInt16> { #expect(open(receiver, epoch, 0, forged: true) == "forged") }
    #expect(open(receiver, 1, 0, forged: true) == "forged")
    #expect(open(receiver, 2, 1) == "2/1")
    #expect(open(receiver, 3, 0) == "3/0")
  }

  @Test("stragglers of the former epoch are accepted once each, for less than a second")
  func stragglers() throws {
    let receiver = try makeReceiver()
    for sequence in [0, 1, 4] as [UInt64] { #expect(open(receiver, 2, sequence) == "2/\(sequence)") }
    #expect(open(receiver, 3, 0) == "3/0")
    #expect(open(receiver, 2, 3, after: .milliseconds(900)) == "2/3")
    #expect(open(receiver, 2, 3, after: .milliseconds(900)) == "replayed")
    #expect(open(receiver, 3, 1, after: .milliseconds(900)) == "3/1")
    #expect(open(receiver, 2, 2, after: .milliseconds(1000)) == "stale epoch")
    #expect(open(receiver, 3, 2, after: .seconds(2)) == "3/2")
  }

  @Test("records from before a restart are rejected, and new records are delivered")
  func heardBefore() throws {
    let receiver = try makeReceiver(heardBefore: [1: ReplayPosition(epoch: Epoch(5), next: 100)])
    for sequence in 0..<100 as Range<UInt64> { #expect(open(receiver, 5, sequence) == "replayed") }
    #expect(open(receiver, 4, 200) == "stale epoch")
    #expect(receiver.positions.values.first == [:])
    #expect(open(receiver, 5, 100) == "5/100")
    #expect(receiver.positions.values.first == [1: ReplayPosition(epoch: try Epoch(5), next: 101)])
    #expect(open(receiver, 6, 0) == "6/0")
    #expect(receiver.positions.values.first == [1: ReplayPosition(epoch: try Epoch(6), next: 1)])
  }

  @Test(
    "a record with a longer message than a member can send is rejected",
    arguments: CipherSuite.allCases, RecordEngine.allCases)
  func longest(suite: CipherSuite, engine: RecordEngine) throws {
    let receiver = try makeReceiver(suite: suite, engine: engine)
    func outcome(_ sequence: UInt64, _ count: Int) -> String {
      let record = IndependentRecord(
        member: 1, sequence: sequence, payload: [UInt8](repeating: UInt8(ascii: "x"), count: count))
      return text(receiver.open(record.sealed(.ofVectors(suite)), now: start), receiver)
    }
    let longest = suite.maximumPayload
    #expect(longest == (suite.isEncrypted ? 1359 : 1343))
    // As the first record, and with a session; up to a datagram of 1400 bytes, and beyond.
    for count in (longest + 1)...(longest + 13) { #expect(outcome(0, count) == "malformed", "\(count)") }
    #expect(outcome(0, longest) == String(repeating: "x", count: longest))
    for count in (longest + 1)...(longest + 13) { #expect(outcome(1, count) == "malformed", "\(count)") }
    #expect(outcome(1, longest) == String(repeating: "x", count: longest))
  }

  @Test("an empty message can be the first of an epoch, and its replay is rejected")
  func empty() throws {
    let receiver = try makeReceiver()
    let record = IndependentRecord(member: 1, epoch: 2, payload: []).sealed(keys)
    #expect(text(receiver.open(record, now: start), receiver) == "")
    #expect(text(receiver.open(record, now: start), receiver) == "replayed")
    #expect(open(receiver, 2, 1) == "2/1")
  }

  @Test(
    "a gap of more than 2^20 numbers is reported as a jump, counts as no loss, and its late records subtract nothing")
  func jump() throws {
    let receiver = try makeReceiver()
    let long: UInt64 = 1 << 20
    #expect(try account(receiver, 1, 10) == [0, 0, 0])
    #expect(try account(receiver, 1, 11 + long) == [Int64(long), 0, 0])
    #expect(receiver.takeJumps() == [])
    #expect(try account(receiver, 1, 13 + 2 * long) == [0, 0, 0])
    #expect(receiver.takeJumps() == [SequenceJump(member: 1, epoch: .first, from: 12 + long, to: 13 + 2 * long)])
    #expect(receiver.takeJumps() == [])
    #expect(try account(receiver, 1, 12 + 2 * long) == [0, 1, 0])
    #expect(try account(receiver, 1, 15 + 2 * long) == [1, 0, 0])
    #expect(try account(receiver, 1, 14 + 2 * long) == [-1, 1, 0])
    // A holder of the secret can silence another member with this record.
    #expect(try account(receiver, 1, RecordHeader.sequenceLimit - 1) == [0, 0, 0])
    #expect(receiver.takeJumps().map(\.to) == [4_294_967_295])
    // Also as the first record of an epoch, if we heard the former epoch.
    #expect(try account(receiver, 2, 4_294_967_000) == [0, 0, 1])
    #expect(receiver.takeJumps() == [SequenceJump(member: 1, epoch: try Epoch(2), from: 0, to: 4_294_967_000)])
  }

  @Test("A jump is reported although the member begins two epochs before the next look")
  func jumpBeforeEpochs() throws {
    let receiver = try makeReceiver()
    _ = try account(receiver, 1, 0)
    _ = try account(receiver, 1, 1 << 21)
    for epoch in 2...3 as ClosedRange<UInt16> { _ = try account(receiver, epoch, 0) }
    #expect(receiver.takeJumps() == [SequenceJump(member: 1, epoch: .first, from: 1, to: 1 << 21)])
  }

  @Test("the number of lost records is never negative, in any order and with any jumps", arguments: 1...5)
  func neverNegative(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let receiver = try makeReceiver()
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
      guard case .success(let arrival) = receiver.open(record, now: start) else { continue }
      lost += arrival.lost
      received += 1
      #expect(lost >= 0)
    }
    let jumps = receiver.takeJumps()
    #expect(received > 1000 && lost > 0 && !jumps.isEmpty)
  }

  @Test("the first record of a later epoch reports the former epoch, also one from before a restart")
  func formerEpoch() throws {
    let receiver = try makeReceiver(heardBefore: [1: ReplayPosition(epoch: try Epoch(5), next: 1)])
    func former(_ epoch: UInt16, _ sequence: UInt64) throws -> UInt16? {
      let record = IndependentRecord(member: 1, sequence: sequence, epoch: epoch, text: "Hello").sealed(keys)
      return try receiver.open(record, now: start).get().formerEpoch?.rawValue
    }
    #expect(try former(65_535, 0) == 5)
    #expect(try former(65_535, 1) == nil)
    #expect(
      try makeReceiver().open(IndependentRecord(member: 1, epoch: 9, text: "").sealed(keys)).get().formerEpoch == nil)
  }

  /// The lost and the late records, and 1 if the sender has restarted.
  private func account(_ receiver: TestReceiver, _ epoch: UInt16, _ sequence: UInt64) throws -> [Int64] {
    let record = IndependentRecord(member: 1, sequence: sequence, epoch: epoch, text: "Hello").sealed(keys)
    let arrival = try receiver.open(record, now: start).get()
    return [arrival.lost, arrival.isLate ? 1 : 0, arrival.isRestart ? 1 : 0]
  }

  @Test(
    "lost and late records and restarts follow from the numbers, and records from before the first count as no loss")
  func accounts() throws {
    let receiver = try makeReceiver()
    #expect(try account(receiver, 1, 10) == [0, 0, 0])
    #expect(try account(receiver, 1, 9) == [0, 1, 0])
    #expect(try account(receiver, 1, 11) == [0, 0, 0])
    #expect(try account(receiver, 1, 15) == [3, 0, 0])
    #expect(try account(receiver, 1, 13) == [-1, 1, 0])
    // We heard it before its restart: its first two records are lost.
    #expect(try account(receiver, 2, 2) == [2, 0, 1])
    #expect(try account(receiver, 2, 1) == [-1, 1, 0])
    #expect(try account(receiver, 1, 14) == [-1, 1, 0])
    #expect(try account(receiver, 2, 3) == [0, 0, 0])
    // We were not running when it sent these.
    let later = try makeReceiver(heardBefore: [1: ReplayPosition(epoch: .first, next: 5)])
    #expect(try account(later, 1, 9) == [0, 0, 0])
    #expect(try account(later, 1, 11) == [1, 0, 0])
  }
}
