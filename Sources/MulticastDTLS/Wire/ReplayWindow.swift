/// A bit set of a sender's last 64 sequence numbers, in which the accepted ones are set.
///
/// Replay protection rests on this window. wolfSSL has one too, but 5.6.6 to 5.7.4 never move it when built without
/// DTLS 1.3, as Debian's and Ubuntu's are, and then reject no replay at all. This one also tells a replay from a
/// forgery, and outlives the session. Source: RFC 6347 section 4.1.2.6.
struct ReplayWindow: Hashable {
  /// The number of sequence numbers remembered: as many as in wolfSSL, so that it rejects none that is fresh here.
  static let size: UInt64 = 64

  /// One more than the highest accepted sequence number; 0 before the first.
  private(set) var next: UInt64 = 0
  /// Bit i stands for the sequence number `next - 1 - i`.
  private var accepted: UInt64 = 0

  /// Starts with no number accepted.
  init() {}

  /// Continues another window: no number below `next` is fresh.
  init(resumingAt next: UInt64) {
    self.next = next
    accepted = .max
  }

  /// True if a number is neither accepted already nor too old to know.
  func isFresh(_ sequence: UInt64) -> Bool {
    guard sequence < next else { return true }
    let age = next - 1 - sequence
    return age < Self.size && accepted & (1 << age) == 0
  }

  /// Marks a fresh number as accepted. Call it only for a record that authenticated.
  mutating func accept(_ sequence: UInt64) {
    if sequence >= next {
      let step = sequence - next + 1
      accepted = (step < Self.size ? accepted << step : 0) | 1
      next = sequence + 1
    } else {
      accepted |= 1 << (next - 1 - sequence)
    }
  }
}
