/// A gap in a member's numbers that is too long for loss, and is not counted as such.
public struct SequenceJump: Hashable, Sendable {
  /// The longest gap that counts as loss: 2^20 messages, ten seconds of the fastest sender.
  ///
  /// A holder of the secret can send one record with the highest number in another member's name. Counted as loss, it
  /// would say that 4,294,967,282 messages are missing.
  static let longestLoss: UInt64 = 1 << 20

  /// The member.
  public let member: MemberID
  /// The epoch of the gap.
  public let epoch: Epoch
  /// The number that was due.
  public let from: UInt64
  /// The number that came.
  public let to: UInt64

  /// True if a number lies in the gap.
  func includes(_ header: RecordHeader) -> Bool {
    header.epoch == epoch.rawValue && header.sequence >= from && header.sequence < to
  }
}
