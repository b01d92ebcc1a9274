/// Seals this node's messages into records, numbered from 0 in one epoch. One thread at a time may use it.
struct OutboundSession: ~Copyable {
  /// The epoch of every record.
  let epoch: Epoch
  /// The most bytes a message can have.
  let maximumPayload: Int

  private let session: Session
  /// Bytes 3 to 10 of the epoch's first record: epoch, member ID, and the sequence number 0.
  private let first: UInt64
  private let limit: UInt64
  private var next: UInt64 = 0

  /// Makes what seals this node's records.
  ///
  /// - Parameter limit: How many records the epoch may have; tests make it small.
  /// - Throws: ``WolfSSLError`` or ``LibcryptoError`` if there can be no session.
  init(_ key: GroupKey, epoch: Epoch, limit: UInt64 = RecordHeader.epochLimit) throws {
    let maximumPayload = key.context.suite.maximumPayload
    let session = try key.makeSession(epoch: epoch, sender: nil, protection: key.makeProtection(.sealing))
    // What one member can send the others must be able to send too, whatever version of wolfSSL they have.
    let possible = session.maximumPayload
    guard possible >= maximumPayload else {
      throw WolfSSLError(
        description:
          "the wolfSSL \(WolfSSLLibrary.version) library on this machine seals at most \(possible) bytes, and a "
          + "message of the group may have \(maximumPayload)")
    }
    first = RecordHeader.number(epoch: epoch, member: key.context.recordMember, sequence: 0)
    self.maximumPayload = maximumPayload
    self.session = session
    self.epoch = epoch
    self.limit = limit
  }

  /// Whether the epoch has no number left.
  var isExhausted: Bool {
    next >= limit
  }

  /// Seals one message.
  ///
  /// - Parameter record: Where to put its record; it must have room for ``RecordHeader/maximumRecord`` bytes.
  /// - Returns: The record's size in bytes.
  /// - Throws: ``SendError`` if the message has no bytes or too many; ``WolfSSLError`` or ``LibcryptoError`` if it cannot
  ///   be sealed.
  mutating func seal(_ payload: UnsafeRawBufferPointer, into record: UnsafeMutableRawBufferPointer) throws -> Int {
    try SendError.check(payload.count, limit: maximumPayload)
    precondition(!isExhausted, "a number must not stand for two records")
    let size = try unsafe session.write(payload, into: record)
    // wolfSSL numbers the records. What depends on the number standing for one record only is ours.
    let sequence = unsafe RecordHeader.number(of: record) &- first
    guard sequence >= next, sequence < limit else {
      throw WolfSSLError(
        description: "wolfSSL gave a record the number \(first &+ sequence), where \(first + next) was due")
    }
    next = sequence + 1
    return size
  }
}
