/// Which of a sender's last 64 sequence numbers were accepted.
///
/// This is what keeps replays out. wolfSSL has such a window too, but 5.6.6 to 5.7.4 never move theirs when built without
/// DTLS 1.3, as Debian's and Ubuntu's are, and then refuse no replay at all. Besides, this one tells a replay from a
/// forgery, and outlives the session. Source: RFC 6347 section 4.1.2.6.
struct ReplayWindow: Hashable {
  /// How many numbers are remembered: as many as wolfSSL does, so that it refuses none that is fresh here.
  static let size: UInt64 = 64

  /// One more than the highest number accepted; 0 before the first.
  private(set) var next: UInt64 = 0
  /// Bit i stands for the number `next - 1 - i`.
  private var accepted: UInt64 = 0

  /// Begins with no number accepted.
  init() {}

  /// Begins where another window ended: what is below `next` is not fresh.
  init(resumingAt next: UInt64) {
    self.next = next
    accepted = .max
  }

  /// Says whether a number is neither accepted already nor too old to know.
  func isFresh(_ sequence: UInt64) -> Bool {
    guard sequence < next else { return true }
    let age = next - 1 - sequence
    return age < Self.size && accepted & (1 << age) == 0
  }

  /// Remembers a fresh number. Only a record that authenticated may get here.
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
