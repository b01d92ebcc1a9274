/// Seals this node's messages into records, numbered from 0 in one epoch. One thread at a time may use it.
struct OutboundSession: ~Copyable {
  /// The epoch of every record.
  let epoch: Epoch
  /// The most bytes a message can have.
  let maximumPayload: Int

  private let session: Session
  private let limit: UInt64
  private var next: UInt64 = 0

  /// Makes the session that seals this node's records.
  ///
  /// - Parameter limit: How many records the epoch may have; tests make it small.
  /// - Throws: ``WolfSSLError`` if wolfSSL cannot make it.
  init(_ key: GroupKey, epoch: Epoch, limit: UInt64 = RecordHeader.sequenceLimit) throws(WolfSSLError) {
    let session = try key.makeSession(epoch: epoch, sender: nil)
    // What one member can send the others must be able to send too, whatever version of wolfSSL they have.
    let (wanted, possible) = (key.context.suite.maximumPayload, session.maximumPayload)
    guard possible >= wanted else {
      throw WolfSSLError(
        description:
          "the wolfSSL \(WolfSSLLibrary.version) library on this machine seals at most \(possible) bytes, and a "
          + "message of the group may have \(wanted)")
    }
    self.session = session
    self.epoch = epoch
    self.limit = limit
    maximumPayload = wanted
  }

  /// Whether the epoch has no number left.
  var isUsedUp: Bool {
    next >= limit
  }

  /// Seals one message and lends its record to `body` until that returns.
  ///
  /// - Throws: ``SendError`` if the message has no bytes or too many; ``WolfSSLError`` if wolfSSL cannot seal it; and
  ///   what `body` throws.
  mutating func seal<Value>(
    _ payload: UnsafeRawBufferPointer,
    record body: (UnsafeRawBufferPointer) throws -> Value
  ) throws -> Value {
    guard unsafe !payload.isEmpty else { throw SendError.empty }
    guard payload.count <= maximumPayload else {
      throw SendError.tooLong(count: payload.count, limit: maximumPayload)
    }
    precondition(!isUsedUp, "a number must not stand for two records")
    // A number is used up even if what follows fails: none must ever stand for two records.
    next += 1
    return try unsafe session.write(payload, record: body).get()
  }
}
