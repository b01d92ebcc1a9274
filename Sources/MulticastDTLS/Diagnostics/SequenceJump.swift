/// A gap in a member's numbers that is too long for loss, and is not counted as such.
struct SequenceJump: Hashable {
  /// The longest gap that counts as loss: 2^20 messages, ten seconds of the fastest sender.
  ///
  /// A holder of the secret can send one record with the highest number in another member's name. Counted as loss, it
  /// would say that 4,294,967,282 messages are missing.
  static let longestLoss: UInt64 = 1 << 20

  let member: MemberID
  let epoch: Epoch
  /// The number that was due.
  let from: UInt64
  /// The number that came.
  let to: UInt64

  /// Says if a number lies in the gap.
  func includes(_ header: RecordHeader) -> Bool {
    header.epoch == epoch.rawValue && header.sequence >= from && header.sequence < to
  }
}
