import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Own records, and those of another node with our ID")
struct SentRecordsTests {
  private let keys = RecordKeys.ofVectors(.wdmNullSHA256)
  private let keyID = KeyID([0x9A, 0xB7, 0x6D, 0x2D])
  private let ownPort = endpoint(1, port: 7)
  private let elsewhere = endpoint(2, port: 8)

  /// What is known of our own records when we begin in an epoch of the vectors' key.
  private func makeSent(_ epoch: Epoch) -> SentRecords {
    let sent = SentRecords(port: 7)
    sent.prepare(keyID, epoch: epoch)
    return sent
  }

  private func record(_ sequence: UInt64, epoch: UInt16 = 1, _ text: String = "ours") -> [UInt8] {
    IndependentRecord(member: 0, sequence: sequence, epoch: epoch, text: text).sealed(keys)
  }

  /// What became of a record with our ID.
  private func reason(_ record: [UInt8], _ sent: SentRecords, from source: Endpoint) throws -> String {
    switch try makeReceiver(sent: sent).open(record, from: source) {
    case .success: "delivered"
    case .failure(let refused): refused.reason.rawValue + (refused.isRepeated ? ", perhaps" : "")
    }
  }

  private let own = RejectionReason.own.rawValue
  private let duplicate = RejectionReason.duplicateID.rawValue

  @Test("what was sent is known when it comes back; from another address it is somebody else's, or a repetition")
  func ours() throws {
    let sent = makeSent(.first)
    for sequence in 0..<300 as Range<UInt64> { try sent.remember(record(sequence), keyID: keyID) }
    #expect(try reason(record(299), sent, from: ownPort) == own)
    #expect(try reason(record(299), sent, from: elsewhere) == duplicate + ", perhaps")
    // Longer ago than is remembered: then its port tells.
    #expect(try reason(record(0), sent, from: ownPort) == own)
    #expect(try reason(record(0), sent, from: elsewhere) == duplicate + ", perhaps")
  }

  @Test("another node with our ID is found out by an epoch, a number or a content that is not ours")
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
    "a record with our ID makes the others deaf for us if it is of a later epoch, or a window ahead; and not before")
  func overtaking() throws {
    let sent = makeSent(try Epoch(2))
    for sequence in 0...9 as ClosedRange<UInt64> { try sent.remember(record(sequence, epoch: 2), keyID: keyID) }
    func overtaking(_ sequence: UInt64, epoch: UInt16) throws -> Overtaking? {
      let outcome = try makeReceiver(sent: sent).open(record(sequence, epoch: epoch, "theirs"), from: elsewhere)
      guard case .failure(let refused) = outcome, refused.reason == .duplicateID else { return nil }
      return refused.overtaking
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
    // What does not authenticate tells nothing.
    var forged = record(0, epoch: 65_535)
    forged[forged.count - 1] ^= 1
    guard case .failure(let refused) = try makeReceiver(sent: sent).open(forged, from: elsewhere) else { return }
    #expect(refused.reason == .forged && refused.overtaking == nil)
  }

  @Test("a record with our ID that does not authenticate is forged, and nothing else")
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
