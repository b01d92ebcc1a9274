/// An accepted record: the size of its payload, and what its number, epoch and key tell about its sender.
struct ReceivedRecord {
  /// The size of the payload in bytes.
  let count: Int
  /// The key that made the record.
  let keyID: KeyID
  /// True if its sender has signed it.
  var isSigned = false
  /// The number of records before it that are missing; -1 if it was counted as missing itself. 0 after a ``SequenceJump``.
  let lost: Int64
  /// True if a later record was accepted before it.
  let isLate: Bool
  /// True if it is the first record of an epoch later than all in which the member was heard under this key.
  var isFirstOfEpoch = false
  /// With `isFirstOfEpoch`, the epoch before it under the same key, heard by this process or an earlier one.
  var formerEpoch: Epoch?
  /// True if the member restarted: the record begins an epoch of the key that the member sends with.
  var isRestart = false
  /// True if the member began to send with this key.
  var isKeyChange = false
  /// True if the member has begun a later epoch, or sends with another key.
  var isStraggler = false

  /// True if it says nothing but its number.
  var isPlain: Bool { !isFirstOfEpoch && !isKeyChange && !isStraggler }
}
