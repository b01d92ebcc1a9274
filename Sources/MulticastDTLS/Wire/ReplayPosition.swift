/// How far a sender has been heard: everything before it was accepted or is given up, and is not accepted any more.
struct ReplayPosition: Hashable, Comparable, Sendable {
  /// The sender's epoch.
  let epoch: Epoch
  /// One more than the highest sequence number accepted in that epoch, 1...2^32.
  let next: UInt64

  /// Orders positions by how far they are.
  static func < (left: ReplayPosition, right: ReplayPosition) -> Bool {
    (left.epoch, left.next) < (right.epoch, right.next)
  }
}
