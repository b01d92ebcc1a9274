/// Seals this process's messages into records of one batch after another. One thread at a time may use it.
///
/// It moves to the next epoch before one is exhausted, and to another key when it is told to. A batch never crosses an
/// epoch, so that its records have the numbers `first ..< first + count` of one epoch.
struct Sealer: ~Copyable {
  /// The records that are sealed and not sent yet.
  private(set) var batch: SendBatch
  /// The sequence of the first of them.
  private(set) var first: UInt64 = 0
  /// The epoch of all records that it seals now.
  private(set) var epoch: Epoch

  private let recordLimit: UInt64
  private var key: RingKey
  private var session: Session
  /// The sequence that is due next.
  private var next: UInt64 = 0

  /// Begins in the epoch that the key's keeper reserves.
  ///
  /// - Parameter recordLimit: The number of records of an epoch; tests make it small.
  /// - Throws: ``StateError`` if there is no epoch to be had; ``WolfSSLError`` or ``LibcryptoError`` if there can be no
  ///   session.
  init(_ key: RingKey, recordLimit: UInt64 = RecordHeader.epochLimit) throws {
    let epoch = try key.keeper.reserveEpoch()
    session = try Self.makeSession(key.key, epoch)
    self.epoch = epoch
    self.key = key
    self.recordLimit = recordLimit
    batch = SendBatch()
  }

  /// The key that it seals with.
  var keyID: KeyID { key.keyID }

  /// True if the epoch has no number left.
  var isExhausted: Bool { next >= recordLimit }

  // MARK: - Sealing

  /// Seals as many messages as fit the batch and the epoch. The first that cannot be sealed ends it.
  ///
  /// - Parameter payloads: Messages of 1 to `maximumPayload` bytes.
  /// - Returns: The error of the first message that was not sealed, if that is not for want of room: ``WolfSSLError`` or
  ///   ``LibcryptoError``, and ``StateError`` if it needs an epoch and there is none.
  mutating func seal(_ payloads: ArraySlice<[UInt8]>) -> (any Error)? {
    // By span: the array's own iterator retains each of them.
    let payloads = payloads.span
    do {
      for index in 0..<min(payloads.count, SendBatch.capacity) {
        guard try unsafe seal(payloads[index].span.bytes) else { return nil }
      }
      return nil
    } catch {
      return error
    }
  }

  /// Seals one message.
  ///
  /// - Returns: False if the epoch is exhausted, and its batch must be sent first.
  mutating func seal(_ payload: RawSpan) throws -> Bool {
    if isExhausted {
      guard batch.count == 0 else { return false }
      try move(to: key, epoch: key.keeper.reserveEpoch())
    }
    let (session, due, isFirst) = (session, next, batch.count == 0)
    let start = RecordHeader.number(epoch: epoch, member: key.key.context.recordMember, sequence: 0)
    var sequence = due
    try unsafe payload.withUnsafeBytes { payload in
      try unsafe batch.append { record in
        let size = try unsafe session.write(payload, into: record)
        sequence = unsafe RecordHeader.number(of: record) &- start
        // wolfSSL numbers the records. That a number stands for one record only is ours to ensure. A write that fails may
        // use a number up, and ends its batch: only the first record of a batch can come after a gap.
        guard sequence == due || isFirst && sequence > due, sequence < recordLimit else {
          throw WolfSSLError(
            description: "wolfSSL gave a record the number \(start &+ sequence), where \(start + due) was due")
        }
        return size
      }
    }
    if isFirst { first = sequence }
    next = sequence + 1
    return true
  }

  /// Takes all records out of the batch.
  mutating func clear() {
    batch.clear()
  }

  // MARK: - Epochs and keys

  /// Seals with a key in an epoch of its keeper from now on. The batch must have been sent.
  ///
  /// - Throws: ``WolfSSLError`` or ``LibcryptoError`` if there can be no session; then all stays as it was.
  mutating func move(to key: RingKey, epoch: Epoch) throws {
    session = try Self.makeSession(key.key, epoch)
    self.key = key
    self.epoch = epoch
    next = 0
  }

  /// Leaves an epoch in which another process has sent with our ID, for one far after it.
  ///
  /// - Returns: The epoch that was left, and the one to go on in; nil if it seals with another key, or in a later epoch.
  /// - Throws: ``StateError`` if there is no such epoch, ``WolfSSLError`` or ``LibcryptoError`` if there can be no session.
  mutating func abandon(_ heard: Epoch, keyID: KeyID) throws -> (from: Epoch, to: Epoch)? {
    guard keyID == key.keyID, epoch <= heard else { return nil }
    let former = epoch
    try move(to: key, epoch: key.keeper.reserveEpoch(farPast: heard))
    return (former, epoch)
  }

  private static func makeSession(_ key: GroupKey, _ epoch: Epoch) throws -> Session {
    let session = try key.makeSession(epoch: epoch, sender: nil, protection: key.makeProtection(.sealing))
    // A message that one member can send, all must be able to send, whatever version of wolfSSL they have.
    let (possible, wanted) = (session.maximumPayload, key.context.suite.maximumPayload)
    guard possible >= wanted else {
      throw WolfSSLError(
        description:
          "the wolfSSL \(WolfSSLLibrary.version) library on this machine seals at most \(possible) bytes, and a "
          + "message of the group may have \(wanted)")
    }
    return session
  }
}
