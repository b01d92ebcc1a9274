/// When to send: at the start, and then at every whole number of intervals after it.
///
/// The times do not depend on when the sending was done, so they do not drift. Those that were missed (the machine slept,
/// say) are left out; only who sends often makes up for a short hiccup of the machine, or their rate would fall with each.
struct SendSchedule<Instant: InstantProtocol>: Sendable where Instant.Duration == Duration {
  /// The time of the next message.
  private(set) var next: Instant

  private let interval: Duration

  /// A hiccup that is shorter is made up for, if the interval is, too.
  static var moment: Duration { .milliseconds(100) }

  /// - Parameter interval: The time between messages; at least a millisecond.
  init(start: Instant, interval: Duration) {
    next = start
    self.interval = interval
  }

  /// Moves to the first time of the schedule that is after the time that was ``next``, and after `now`, or so little
  /// before it that it is made up for.
  mutating func advance(past now: Instant) {
    next = next.advanced(by: interval)
    let late = next.duration(to: now)
    guard late >= (interval < Self.moment ? Self.moment : .zero) else { return }
    next = next.advanced(by: interval * Int(late / interval))
    if next <= now { next = next.advanced(by: interval) }
  }
}
