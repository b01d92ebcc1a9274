/// A rejected datagram, with what the receive side learned about it.
struct Rejection: Error {
  let reason: RejectionReason
  /// The header; nil if the datagram has none that a member could have sent.
  let header: RecordHeader?
  /// The address that the datagram came from. It is not authenticated.
  let source: Endpoint
  /// With `staleEpoch`, the later epoch in which the member was heard.
  var laterEpoch: Epoch?
  /// With our own ID: true if this process may have sent the same record.
  var isRepeated = false
  /// With our own ID: how far the record is ahead of ours, if the others reject ours because of it.
  var overtaking: Overtaking?
  /// Of an authentic record with our own ID that we did not send: the key that made it. See ``Receiver/Contest``.
  var contestedKey: KeyID?

  init(
    _ reason: RejectionReason, _ header: RecordHeader?, _ source: Endpoint, laterEpoch: Epoch? = nil,
    isRepeated: Bool = false, overtaking: Overtaking? = nil, contestedKey: KeyID? = nil
  ) {
    self.reason = reason
    self.header = header
    self.source = source
    self.laterEpoch = laterEpoch
    self.isRepeated = isRepeated
    self.overtaking = overtaking
    self.contestedKey = contestedKey
  }
}
