/// Counts the messages that are due at a rate. Pure.
///
/// The times do not depend on the end of a send, so they do not drift. The messages of a short hiccup are caught up; those
/// of a longer one are left out, since a burst of them would overrun the receivers.
struct PaceSchedule<Instant: InstantProtocol>: Sendable where Instant.Duration == Duration {
  /// Times missed longer ago than this are left out.
  static var longestHiccup: Duration { .milliseconds(100) }

  private let rate: Double
  /// The time of the first message that is counted.
  private var start: Instant
  private var sent = 0

  /// - Parameter rate: Messages a second; more than 0.
  init(start: Instant, rate: Double) {
    self.start = start
    self.rate = rate
  }

  /// The time of the next message.
  var next: Instant {
    start.advanced(by: .seconds(Double(sent) / rate))
  }

  /// The number of messages that are due and not sent.
  mutating func due(at now: Instant) -> Int {
    let late = next.duration(to: now)
    guard late >= .zero else { return 0 }
    // The schedule starts anew at the oldest message that is not left out.
    if late > Self.longestHiccup { (start, sent) = (now.advanced(by: .zero - Self.longestHiccup), 0) }
    // Rounding must not miss a time that has come.
    return Int(start.duration(to: now) / .seconds(1) * rate + 1e-6) + 1 - sent
  }

  /// Records sent messages.
  mutating func advance(by count: Int) {
    sent += count
  }
}
