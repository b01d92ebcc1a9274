/// How many messages are due at a rate. Pure.
///
/// The times of a rate do not depend on when the sending was done, so they do not drift. A hiccup is made up for; what a
/// longer one has missed is left out, since a burst of it would overrun those who receive.
struct PaceSchedule<Instant: InstantProtocol>: Sendable where Instant.Duration == Duration {
  /// Times that were missed longer ago than this are left out.
  static var longestHiccup: Duration { .milliseconds(100) }

  private let rate: Double
  /// When the first of those was due that are counted.
  private var start: Instant
  private var sent = 0

  /// - Parameter rate: Messages a second; more than 0.
  init(start: Instant, rate: Double) {
    self.start = start
    self.rate = rate
  }

  /// When the next message is due.
  var next: Instant {
    start.advanced(by: .seconds(Double(sent) / rate))
  }

  /// How many messages are due, and have not been sent.
  mutating func due(at now: Instant) -> Int {
    let late = next.duration(to: now)
    guard late >= .zero else { return 0 }
    // Begins anew, where the message is due that is not left out.
    if late > Self.longestHiccup { (start, sent) = (now.advanced(by: .zero - Self.longestHiccup), 0) }
    // A time that has come must not be missed for how a fraction of a second is rounded.
    return Int(start.duration(to: now) / .seconds(1) * rate + 1e-6) + 1 - sent
  }

  /// Takes note of messages that were sent.
  mutating func advance(by count: Int) {
    sent += count
  }
}
