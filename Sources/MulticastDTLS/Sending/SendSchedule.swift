/// The times of messages: the start, and then every whole number of intervals after it.
///
/// The times do not depend on the end of a send, so they do not drift. Missed times are left out, for instance while the
/// machine slept. At short intervals a short hiccup is caught up, since each one would lower the rate.
struct SendSchedule<Instant: InstantProtocol>: Sendable where Instant.Duration == Duration {
  /// The time of the next message.
  private(set) var next: Instant

  private let interval: Duration

  /// A shorter hiccup is caught up, if the interval is shorter, too.
  static var longestHiccup: Duration { .milliseconds(100) }

  /// - Parameter interval: The time between messages; at least a millisecond.
  init(start: Instant, interval: Duration) {
    next = start
    self.interval = interval
  }

  /// Moves to the first time of the schedule after ``next`` that is after `now`, or so little before it that it is caught
  /// up.
  mutating func advance(past now: Instant) {
    next = next.advanced(by: interval)
    let late = next.duration(to: now)
    guard late >= (interval < Self.longestHiccup ? Self.longestHiccup : .zero) else { return }
    next = next.advanced(by: interval * Int(late / interval))
    if next <= now { next = next.advanced(by: interval) }
  }
}
