import TestSupport

@testable import MulticastDTLS

/// A context with the vectors' secret.
func makeContext(member: MemberID = 0, suite: CipherSuite = .wdmNullSHA256) throws -> DTLSContext {
  try DTLSContext(ownMember: member, suite: suite, secret: GroupSecret(text: Vectors.shared.secret))
}

extension OutboundSession {
  /// Seals a message and copies its record.
  mutating func seal(_ payload: [UInt8]) throws -> [UInt8] {
    try payload.withUnsafeBytes { try seal($0) { Array($0) } }
  }

  mutating func seal(_ text: String) throws -> [UInt8] {
    try seal(Array(text.utf8))
  }
}

extension InboundSession {
  /// Opens a datagram without asking admission: its payload, or why there is none.
  func open(_ datagram: [UInt8]) -> Result<[UInt8], Refusal> {
    guard let header = RecordHeader(datagram.span) else { return .failure(.malformed) }
    return datagram.withUnsafeBufferPointer { open($0, header: header) }.map(\.payload)
  }

  func open(_ record: IndependentRecord, _ suite: CipherSuite = .wdmNullSHA256) -> Result<[UInt8], Refusal> {
    open(record.sealed(.ofVectors(suite)))
  }
}
