import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Own records, and those of another peer with our ID")
struct SentRecordsTests {
  private let keys = RecordKeys.ofVectors(.wdmNullSHA256)
  private let keyID = KeyID([0x9A, 0xB7, 0x6D, 0x2D])
  private let ownPort = endpoint(1, port: 7)
  private let elsewhere = endpoint(2, port: 8)

  /// Sent records that begin in an epoch of the vectors' key.
  private func makeSent(_ epoch: Epoch) -> SentRecords {
    let sent = SentRecords(port: 7)
    sent.prepare(keyID, epoch: epoch)
    return sent
  }

  private func record(_ sequence: UInt64, epoch: UInt16 = 1, _ text: String = "ours") -> [UInt8] {
    IndependentRecord(member: 0, sequence: sequence, epoch: epoch, text: text).sealed(keys)
  }

  /// The outcome of a record with our ID.
  private func reason(_ record: [UInt8], _ sent: SentRecords, from source: Endpoint) throws -> String {
    switch try makeReceiver(sent: sent).open(record, from: source) {
    case .success: "delivered"
    case .failure(let rejection): rejection.reason.rawValue + (rejection.isRepeated ? ", perhaps" : "")
    }
  }

  private let own = RejectionReason.own.rawValue
  private let duplicate = RejectionReason.duplicateID.rawValue

  @Test(
    "own records are recognised when they loop back, and from another address they are a duplicate ID or a repetition")
  func ours() throws {
    let sent = makeSent(.first)
    for sequence in 0..<300 as Range<UInt64> { try sent.remember(record(sequence), keyID: keyID) }
    #expect(try reason(record(299), sent, from: ownPort) == own)
    #expect(try reason(record(299), sent, from: elsewhere) == duplicate + ", perhaps")
    // A record too old to be remembered is recognised by its source port.
    #expect(try reason(record(0), sent, from: ownPort) == own)
    #expect(try reason(record(0), sent, from: elsewhere) == duplicate + ", perhaps")
  }

  @Test("another peer with our ID is detected by an epoch, a number or a payload that is not ours")
  func another() throws {
    let sent = makeSent(try Epoch(2))
    #expect(try reason(record(0, epoch: 2), sent, from: elsewhere) == duplicate)
    try sent.remember(record(0, epoch: 2), keyID: keyID)
    #expect(try reason(record(0, epoch: 2), sent, from: elsewhere) == duplicate + ", perhaps")
    #expect(try reason(record(0, epoch: 2, "theirs"), sent, from: elsewhere) == duplicate)
    #expect(try reason(record(1, epoch: 2), sent, from: elsewhere) == duplicate)
    #expect(try reason(record(0, epoch: 3), sent, from: elsewhere) == duplicate)
    #expect(try reason(record(0, epoch: 1), sent, from: elsewhere) == duplicate + ", perhaps")
  }

  @Test(
    "a foreign record with our ID overtakes us if it is of a later epoch, or a whole window ahead")
  func overtaking() throws {
    let sent = makeSent(try Epoch(2))
    for sequence in 0...9 as ClosedRange<UInt64> { try sent.remember(record(sequence, epoch: 2), keyID: keyID) }
    func overtaking(_ sequence: UInt64, epoch: UInt16) throws -> Overtaking? {
      let outcome = try makeReceiver(sent: sent).open(record(sequence, epoch: epoch, "theirs"), from: elsewhere)
      guard case .failure(let rejection) = outcome, rejection.reason == .duplicateID else { return nil }
      return rejection.overtaking
    }
    let key = try makeKey().keyID
    #expect(try overtaking(0, epoch: 1) == nil)
    #expect(try overtaking(5, epoch: 2) == nil)
    #expect(try overtaking(73, epoch: 2) == nil)
    #expect(
      try overtaking(74, epoch: 2)
        == Overtaking(keyID: key, epoch: try Epoch(2), sequence: 74, ownEpoch: try Epoch(2), ownNext: 10))
    #expect(
      try overtaking(0, epoch: 65_535)
        == Overtaking(keyID: key, epoch: .last, sequence: 0, ownEpoch: try Epoch(2), ownNext: 10))
    // A forged record does not overtake us.
    var forged = record(0, epoch: 65_535)
    forged[forged.count - 1] ^= 1
    guard case .failure(let rejection) = try makeReceiver(sent: sent).open(forged, from: elsewhere) else {
      Issue.record("a forged record was accepted")
      return
    }
    #expect(rejection.reason == .forged && rejection.overtaking == nil)
  }

  @Test("a record with our ID that does not authenticate is forged")
  func forged() throws {
    let sent = makeSent(.first)
    try sent.remember(record(0), keyID: keyID)
    for (sequence, epoch) in [(0, 1), (1, 1), (0, 2)] as [(UInt64, UInt16)] {
      var altered = record(sequence, epoch: epoch)
      altered[altered.count - 1] ^= 1
      #expect(try reason(altered, sent, from: elsewhere) == RejectionReason.forged.rawValue)
    }
  }
}
