/// Seals this node's messages into records, numbered from 0 in one epoch. One thread at a time may use it.
struct OutboundSession: ~Copyable {
  /// The epoch of every record.
  let epoch: Epoch
  /// The most bytes a message can have.
  let maximumPayload: Int

  private let member: MemberID
  private let engine: Engine
  private let limit: UInt64
  private var next: UInt64 = 0

  private enum Engine {
    case cipher(RecordCipher)
    case session(Session)
  }

  /// Makes what seals this node's records.
  ///
  /// - Parameter limit: How many records the epoch may have; tests make it small.
  /// - Throws: ``WolfSSLError`` if wolfSSL cannot make it.
  init(_ key: GroupKey, epoch: Epoch, limit: UInt64 = RecordHeader.sequenceLimit) throws(WolfSSLError) {
    maximumPayload = key.context.suite.maximumPayload
    if let cipher = key.makeCipher() {
      engine = .cipher(cipher)
    } else {
      let session = try key.makeSession(epoch: epoch, sender: nil)
      // What one member can send the others must be able to send too, whatever version of wolfSSL they have.
      let possible = session.maximumPayload
      guard possible >= maximumPayload else {
        throw WolfSSLError(
          description:
            "the wolfSSL \(WolfSSLLibrary.version) library on this machine seals at most \(possible) bytes, and a "
            + "message of the group may have \(maximumPayload)")
      }
      engine = .session(session)
    }
    member = key.context.recordMember
    self.epoch = epoch
    self.limit = limit
  }

  /// Whether the epoch has no number left.
  var isUsedUp: Bool {
    next >= limit
  }

  /// Seals one message.
  ///
  /// - Parameter record: Where to put its record; it must have room for ``RecordHeader/maximumRecord`` bytes.
  /// - Returns: The record's size in bytes.
  /// - Throws: ``SendError`` if the message has no bytes or too many; ``WolfSSLError`` if it cannot be sealed.
  mutating func seal(_ payload: UnsafeRawBufferPointer, into record: UnsafeMutableRawBufferPointer) throws -> Int {
    try SendError.check(payload.count, limit: maximumPayload)
    precondition(!isUsedUp, "a number must not stand for two records")
    // A number is used up even if what follows fails: none must ever stand for two records.
    let sequence = next
    next += 1
    switch engine {
    case .cipher(let cipher):
      guard
        let size = unsafe cipher.seal(payload, epoch: epoch, member: member, sequence: sequence, into: record)
      else { throw WolfSSLError(description: "libcrypto could not seal a message of \(payload.count) bytes") }
      return size
    case .session(let session):
      return try unsafe session.write(payload) { sealed in
        unsafe record.copyMemory(from: sealed)
        return sealed.count
      }.get()
    }
  }
}
