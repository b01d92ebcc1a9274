import Glibc
import TestSupport

@testable import MulticastDTLS

/// A context and the key of a secret; without one, of the vectors'.
func makeKey(
  member: MemberID = 0, suite: CipherSuite = .wdmNullSHA256, secret: String = Vectors.shared.secret,
  engine: RecordEngine = .libcrypto
) throws -> GroupKey {
  try GroupKey(DTLSContext(ownMember: member, suite: suite, engine: engine), GroupSecret(text: secret))
}

/// What follows the vectors' members 1, 2 and 3 as node 0.
func makeMembers(
  suite: CipherSuite = .wdmNullSHA256, engine: RecordEngine = .libcrypto, heardBefore: [MemberID: ReplayPosition] = [:],
  sent: SentRecords? = nil
) throws -> InboundMembers {
  let key = try makeKey(suite: suite, engine: engine)
  return InboundMembers(
    [try InboundKey(key, members: MemberSet(0...3), heardBefore: heardBefore)], sent: sent ?? SentRecords(port: 9))
}

/// An address on a network that is only there for examples (RFC 5737).
func endpoint(_ host: UInt8 = 1, port: UInt16 = 1000) -> Endpoint {
  Endpoint(IPAddress(ipv4: 0xC000_0200 | UInt32(host)), port: port)
}

extension InboundMembers {
  func open(
    _ datagram: [UInt8], from source: Endpoint = endpoint(), now: BootInstant = .now
  ) -> Result<Arrival, Rejection> {
    datagram.withUnsafeBufferPointer { open($0, from: source, now: now) }
  }

  /// What a record that was just opened carries, as text.
  func text(of arrival: Arrival) -> String {
    String(decoding: payload(arrival.count), as: UTF8.self)
  }
}

extension OutboundSession {
  /// Seals a message and copies its record.
  mutating func seal(_ payload: [UInt8]) throws -> [UInt8] {
    var record = [UInt8](repeating: 0, count: RecordHeader.maximumRecord)
    let size = try payload.withUnsafeBytes { payload in
      try record.withUnsafeMutableBytes { try seal(payload, into: $0) }
    }
    return Array(record[..<size])
  }

  mutating func seal(_ text: String) throws -> [UInt8] {
    try seal(Array(text.utf8))
  }
}

extension SentRecords {
  /// Remembers one record.
  func remember(_ record: [UInt8], keyID: KeyID) {
    var batch = SendBatch()
    batch.append { room in
      room.copyBytes(from: record)
      return record.count
    }
    remember(batch, keyID: keyID)
  }
}

extension Observer {
  /// Takes note of one message.
  mutating func heard(_ arrival: Arrival, now: BootInstant) -> [Notice] {
    heard(ArrivalRun(arrival, isDelivered: true), now: now)
  }
}

extension InboundSession {
  /// Opens a datagram without asking admission: its payload, or why there is none.
  func open(_ datagram: [UInt8]) -> Result<[UInt8], RejectionReason> {
    guard let header = RecordHeader(datagram.span) else { return .failure(.malformed) }
    var payload = [UInt8](repeating: 0, count: RecordHeader.maximumRecord)
    let opened = datagram.withUnsafeBufferPointer { datagram in
      payload.withUnsafeMutableBytes { open(datagram, header: header, into: $0) }
    }
    return opened.map { Array(payload[..<$0.count]) }
  }

  func open(_ record: IndependentRecord, _ suite: CipherSuite = .wdmNullSHA256) -> Result<[UInt8], RejectionReason> {
    open(record.sealed(.ofVectors(suite)))
  }
}
