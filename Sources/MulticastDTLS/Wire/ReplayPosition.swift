/// The replay position of a sender: everything before it was accepted or given up, and is no longer accepted.
struct ReplayPosition: Hashable, Comparable, Sendable {
  /// The sender's epoch.
  let epoch: Epoch
  /// One more than the highest sequence number accepted in that epoch, 1...2^32.
  let next: UInt64

  /// Orders positions by epoch, then by sequence number.
  static func < (left: ReplayPosition, right: ReplayPosition) -> Bool {
    (left.epoch, left.next) < (right.epoch, right.next)
  }
}
