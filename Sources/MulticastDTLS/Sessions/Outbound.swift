/// Seals this node's messages, and moves on to its next epoch before one is used up. One thread at a time may use it.
struct Outbound: ~Copyable {
  private let context: DTLSContext
  private let keeper: StateKeeper
  private let recordLimit: UInt64
  private var session: OutboundSession

  /// Begins in the epoch that the keeper hands out.
  ///
  /// - Parameter recordLimit: How many records an epoch may have; tests make it small.
  /// - Throws: ``StateError`` if there is no epoch to be had; ``WolfSSLError`` if wolfSSL cannot make a session.
  init(
    _ context: DTLSContext,
    keeper: StateKeeper,
    recordLimit: UInt64 = RecordHeader.sequenceLimit
  ) throws {
    self.context = context
    self.keeper = keeper
    self.recordLimit = recordLimit
    session = try OutboundSession(context, epoch: keeper.takeEpoch(), limit: recordLimit)
  }

  /// Seals one message and lends its record to `body` until that returns.
  ///
  /// - Throws: ``SendError`` if the message has no bytes or too many; ``StateError`` if it needs an epoch and there is
  ///   none; ``WolfSSLError`` if wolfSSL cannot seal it; and what `body` throws.
  mutating func seal<Value>(
    _ payload: UnsafeRawBufferPointer,
    record body: (UnsafeRawBufferPointer) throws -> Value
  ) throws -> Value {
    if session.isUsedUp {
      session = try OutboundSession(context, epoch: keeper.takeEpoch(), limit: recordLimit)
    }
    return try unsafe session.seal(payload, record: body)
  }
}
