/// A clock that calls for a message at once, and then at every interval, without drift.
///
/// 1. Wait for the next time of the schedule.
/// 2. Call for a message; a failed send does not count.
/// 3. End after `count` messages, or when the task is cancelled.
public struct SendTimer<C: Clock>: Sendable where C.Duration == Duration {
  private let interval: Duration
  private let count: UInt64?
  private let clock: C

  /// Makes a timer.
  ///
  /// - Parameters:
  ///   - interval: The time between messages; at least a millisecond.
  ///   - count: The number of messages; nil goes on until the task is cancelled.
  ///   - clock: The source of time; tests bring their own.
  public init(interval: Duration, count: UInt64? = nil, clock: C = ContinuousClock()) {
    precondition(interval >= .milliseconds(1), "an interval must be at least a millisecond")
    self.interval = interval
    self.count = count
    self.clock = clock
  }

  /// Runs the schedule.
  ///
  /// - Parameter send: Sends the message with a number, from 1, and returns true if it was sent. If not, the next call has
  ///   the same number.
  /// - Throws: `CancellationError` if the task is cancelled, and the errors of `send`.
  public func run(_ send: (UInt64) async throws -> Bool) async throws {
    var schedule = SendSchedule(start: clock.now, interval: interval)
    var number: UInt64 = 1
    while count.map({ number <= $0 }) ?? true {
      try await clock.sleep(until: schedule.next, tolerance: nil)
      if try await send(number) { number += 1 }
      schedule.advance(past: clock.now)
    }
  }
}
