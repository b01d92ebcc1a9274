/// Seals this node's messages, and moves on to its next epoch before one is used up, and to another key when it is told
/// to. One thread at a time may use it.
struct Outbound: ~Copyable {
  private let recordLimit: UInt64
  private var held: RingKey
  private var session: OutboundSession

  /// Begins in the epoch that the key's keeper hands out.
  ///
  /// - Parameter recordLimit: How many records an epoch may have; tests make it small.
  /// - Throws: ``StateError`` if there is no epoch to be had; ``WolfSSLError`` or ``LibcryptoError`` if there can
  ///   be no session.
  init(_ held: RingKey, recordLimit: UInt64 = RecordHeader.epochLimit) throws {
    self.held = held
    self.recordLimit = recordLimit
    session = try Self.nextSession(held, recordLimit)
  }

  /// The key that it seals with.
  var keyID: KeyID { held.keyID }

  /// Seals with another key from now on, in an epoch that its keeper has handed out.
  ///
  /// - Throws: ``WolfSSLError`` or ``LibcryptoError`` if there can be no session; then the former key stays.
  mutating func change(to held: RingKey, epoch: Epoch) throws {
    session = try OutboundSession(held.key, epoch: epoch, limit: recordLimit)
    self.held = held
  }

  /// Goes on in an epoch far after one in which somebody else has sent with our ID; see ``GroupTransmitter/leave(_:keyID:)``.
  mutating func leave(_ heard: Epoch, keyID: KeyID) throws -> (from: Epoch, to: Epoch)? {
    guard keyID == held.keyID, session.epoch <= heard else { return nil }
    let from = session.epoch
    session = try OutboundSession(held.key, epoch: held.keeper.reserveEpoch(farPast: heard), limit: recordLimit)
    return (from, session.epoch)
  }

  /// True if what it seals has an epoch that is not later than another.
  func isInEpoch(notAfter other: Epoch) -> Bool { session.epoch <= other }

  /// The most bytes that a message can have.
  var maximumPayload: Int { session.maximumPayload }

  /// Seals one message; see ``OutboundSession/seal(_:into:)``.
  ///
  /// - Throws: Also ``StateError`` if it needs an epoch and there is none.
  mutating func seal(_ payload: UnsafeRawBufferPointer, into record: UnsafeMutableRawBufferPointer) throws -> Int {
    if session.isExhausted { session = try Self.nextSession(held, recordLimit) }
    return try unsafe session.seal(payload, into: record)
  }

  private static func nextSession(_ held: RingKey, _ limit: UInt64) throws -> OutboundSession {
    try OutboundSession(held.key, epoch: held.keeper.reserveEpoch(), limit: limit)
  }
}
