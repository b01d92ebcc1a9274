/// When to send: at the start, and then at every whole number of intervals after it.
///
/// The times do not depend on when the sending was done, so they do not drift; those that were missed (the machine
/// slept, say) are left out and not made up for.
struct SendSchedule<Instant: InstantProtocol>: Sendable where Instant.Duration == Duration {
  /// The time of the next message.
  private(set) var next: Instant

  private let interval: Duration

  /// - Parameter interval: The time between messages; at least a millisecond.
  init(start: Instant, interval: Duration) {
    next = start
    self.interval = interval
  }

  /// Moves to the first time of the schedule that is after `now` and after the time that was ``next``.
  mutating func advance(past now: Instant) {
    next = next.advanced(by: interval)
    let late = next.duration(to: now)
    guard late >= .zero else { return }
    next = next.advanced(by: interval * Int(late / interval))
    if next <= now { next = next.advanced(by: interval) }
  }
}
