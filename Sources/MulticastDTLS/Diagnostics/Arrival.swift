/// A message that was accepted, and what its number and epoch say of its sender.
struct Arrival {
  var origin: Message.Origin
  /// The bytes of its payload.
  let count: Int
  /// The key that it was made with.
  let keyID: KeyID
  /// How many messages before it are missing, as of now; -1 if it is one that was counted as missing.
  let lost: Int64
  /// Whether a later one was accepted before it.
  let isLate: Bool
  /// Whether it is the first of a later epoch of the same key than the one in which its sender had been heard.
  let isRestart: Bool
  /// The epoch in which its sender was heard before with the same key, in this run or an earlier one, if it is the first of
  /// a later epoch.
  var formerEpoch: Epoch?
  /// Whether its sender has gone over to this key with it.
  let isKeyChange: Bool
  /// Whether its sender has begun a later epoch already, or gone over to another key.
  let isStraggler: Bool
}

/// A datagram that was refused, and what is known of it.
struct Rejection: Error {
  let reason: RejectionReason
  /// The header, if the datagram has one that could be a member's.
  let header: RecordHeader?
  /// Where it came from.
  let source: Endpoint
  /// With a stale epoch, the one in which the member has been heard.
  let laterEpoch: Epoch?
  /// Of a record with our own ID, whether we may have sent the like ourselves.
  let isRepeated: Bool
  /// Of a record with our own ID, how far it is ahead of what we send, if that makes the others refuse us.
  let overtaking: Overtaking?
  /// Of an authentic record with our own ID that we did not send, of our epoch or a later one: the key that it was made with.
  let contestedKey: KeyID?

  init(
    _ reason: RejectionReason, _ header: RecordHeader?, _ source: Endpoint, laterEpoch: Epoch? = nil,
    isRepeated: Bool = false,
    overtaking: Overtaking? = nil, contestedKey: KeyID? = nil
  ) {
    self.contestedKey = contestedKey
    self.reason = reason
    self.header = header
    self.source = source
    self.laterEpoch = laterEpoch
    self.isRepeated = isRepeated
    self.overtaking = overtaking
  }
}
