import Glibc
import TestSupport

@testable import MulticastDTLS

/// The key of a secret, with its context. The default is the vectors' secret.
func makeKey(
  member: MemberID = 0, suite: CipherSuite = .wdmNullSHA256, secret: String = Vectors.shared.secret,
  engine: RecordEngine = .libcrypto
) throws -> GroupKey {
  try GroupKey(DTLSContext(ownMember: member, suite: suite, engine: engine), GroupSecret(text: secret))
}

/// A receiver with the vectors' key. As member 0, it follows the members 1, 2 and 3.
func makeReceiver(
  suite: CipherSuite = .wdmNullSHA256, engine: RecordEngine = .libcrypto, heardBefore: [MemberID: ReplayPosition] = [:],
  sent: SentRecords? = nil
) throws -> TestReceiver {
  let key = try makeKey(suite: suite, engine: engine)
  return TestReceiver([try OpeningKey(key, heardBefore: heardBefore)], sent: sent ?? SentRecords(port: 9))
}

/// A receiver that opens single datagrams.
final class TestReceiver {
  private var receiver: Receiver

  init(_ keys: [OpeningKey], sent: SentRecords) {
    let followed = MemberSet(0...3)
    receiver = Receiver(
      keys, following: followed, sent: sent, observer: Observer(start: .now, followed: followed), counters: .init(),
      handler: { _, _ in true })
  }

  func open(
    _ datagram: [UInt8], from source: Endpoint = endpoint(), now: BootInstant = .now
  ) -> Result<ReceivedRecord, Rejection> {
    datagram.withUnsafeBufferPointer { datagram in
      Result { () throws(Rejection) in try receiver.open(datagram, from: source, now: now).record }
    }
  }

  /// The payload of the last opened record.
  func payload(of record: ReceivedRecord) -> [UInt8] { Array(receiver.lentPayload(record.count)) }

  /// The payload of the last opened record, as text.
  func text(of record: ReceivedRecord) -> String {
    String(decoding: receiver.lentPayload(record.count), as: UTF8.self)
  }

  func accept(_ keys: [OpeningKey]) { receiver.accept(keys) }

  func verify(by publicKeys: [MemberID: MemberKeys]) { receiver.verify(by: publicKeys) }

  /// True if a member was heard in a new epoch since the last call.
  func takeNewEpoch() -> Bool {
    defer { _ = receiver.takePositions() }
    return receiver.hasNewEpoch
  }

  var sendingKeys: [MemberID: KeyID] { receiver.sendingKeys }
  var positions: [KeyID: [MemberID: ReplayPosition]] { receiver.positions }
  func takeJumps() -> [SequenceJump] { receiver.takeJumps() }
}

/// An address in the documentation network 192.0.2.0/24 (RFC 5737).
func endpoint(_ host: UInt8 = 1, port: UInt16 = 1000) -> Endpoint {
  Endpoint(IPAddress(ipv4: 0xC000_0200 | UInt32(host)), port: port)
}

/// A sealer that begins in an epoch.
func makeSealer(_ key: GroupKey, epoch: Epoch = .first, limit: UInt64 = RecordHeader.epochLimit) throws -> Sealer {
  try Sealer(makeRingKey(key, epoch: epoch), recordLimit: limit)
}

/// A ring key that begins in an epoch, without a state on disk.
func makeRingKey(_ key: GroupKey, epoch: Epoch = .first) throws -> RingKey {
  let keeper = try StateKeeper(
    directory: nil, beginning: .given(epoch),
    identity: .init(keyID: key.keyID, member: key.context.recordMember, isEncrypting: false),
    report: { _ in })
  return try RingKey(key, keeper)
}

extension Sealer {
  /// Seals a message as a batch of one, and copies its record.
  mutating func seal(_ payload: [UInt8]) throws -> [UInt8] {
    if let failure = seal([payload][...]) { throw failure }
    defer { clear() }
    var records: [[UInt8]] = []
    batch.forEach { records.append(Array($0)) }
    return records[0]
  }

  mutating func seal(_ text: String) throws -> [UInt8] {
    try seal(Array(text.utf8))
  }
}

extension SentRecords {
  /// Remembers one record.
  func remember(_ record: [UInt8], keyID: KeyID) throws {
    guard let header = RecordHeader(record.span) else { return }
    var batch = SendBatch()
    batch.append { room in
      room.copyBytes(from: record)
      return record.count
    }
    remember(batch, keyID: keyID, epoch: try Epoch(header.epoch), from: header.sequence)
  }
}

extension Observer {
  /// Observes one message.
  mutating func heard(_ message: (record: ReceivedRecord, origin: Message.Origin), now: BootInstant) -> [PeerEvent] {
    heard(ReceivedRun(message.record, message.origin, isDelivered: true), now: now)
  }
}

extension EpochWindow {
  /// Opens a datagram without validating it: its payload, or the reason for its rejection.
  mutating func open(_ datagram: [UInt8]) -> Result<[UInt8], RejectionReason> {
    guard let header = RecordHeader(datagram.span) else { return .failure(.malformed) }
    var payload = [UInt8](repeating: 0, count: RecordHeader.maximumRecord)
    let opened = datagram.withUnsafeBufferPointer { datagram in
      payload.withUnsafeMutableBytes { room in
        Result { () throws(RejectionReason) in try open(datagram, header: header, into: room) }
      }
    }
    return opened.map { Array(payload[..<$0.count]) }
  }

  mutating func open(_ record: IndependentRecord, _ suite: CipherSuite = .wdmNullSHA256) -> Result<
    [UInt8], RejectionReason
  > {
    open(record.sealed(.ofVectors(suite)))
  }
}

/// The peer error that a body throws; nil if it throws none.
func peerError(_ body: () throws -> Void) -> PeerError? {
  do {
    try body()
    return nil
  } catch {
    return error as? PeerError
  }
}

/// The peer error that a body throws; nil if it throws none.
func peerError(_ body: () async throws -> Void) async -> PeerError? {
  do {
    try await body()
    return nil
  } catch {
    return error as? PeerError
  }
}
