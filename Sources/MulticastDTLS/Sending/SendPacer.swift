/// A clock for many messages a second: calls for the due messages as a batch.
///
/// 1. Call for the messages that are due by the rate; at the rate 0, for a full batch.
/// 2. Wait until the next one is due, and at least a millisecond, so that a high rate makes batches.
/// 3. End after `count` messages, or when the task is cancelled.
public struct SendPacer<C: Clock>: Sendable where C.Duration == Duration {
  private let rate: Double
  private let count: UInt64?
  private let clock: C

  /// The most messages of one call.
  public static var batch: Int { SendBatch.capacity }
  /// The shortest time between two calls, unless messages are overdue.
  private static var pause: Duration { .milliseconds(1) }

  /// Makes a pacer.
  ///
  /// - Parameters:
  ///   - rate: Messages a second; 0 calls again as soon as the last call has returned.
  ///   - count: The number of messages; nil goes on until the task is cancelled.
  ///   - clock: The source of time; tests bring their own.
  public init(rate: Double, count: UInt64? = nil, clock: C = ContinuousClock()) {
    precondition(rate >= 0, "a rate must not be negative")
    self.rate = rate
    self.count = count
    self.clock = clock
  }

  /// Runs the schedule.
  ///
  /// - Parameter send: Sends the messages with these numbers, from 1, and returns the number of sent ones. The next call
  ///   begins with the first unsent message; if none was sent, after a pause.
  /// - Throws: `CancellationError` if the task is cancelled, and the errors of `send`.
  public func run(_ send: (Range<UInt64>) async throws -> Int) async throws {
    var schedule = rate > 0 ? PaceSchedule(start: clock.now, rate: rate) : nil
    var next: UInt64 = 1
    while true {
      try Task.checkCancellation()
      let left = count.map { $0 - (next - 1) } ?? .max
      if left == 0 { return }
      let now = clock.now
      let due = schedule?.due(at: now) ?? Self.batch
      var pause = Self.pause
      if due > 0 {
        let wanted = UInt64(min(due, Self.batch))
        let sent = try await send(next..<(next + min(wanted, left)))
        next += UInt64(sent)
        schedule?.advance(by: sent)
        if sent > 0, due > Self.batch || schedule == nil {
          await Task.yield()
          continue
        }
        if sent == 0 { pause = rate > 0 ? max(pause, .seconds(1 / rate)) : Self.pause * 10 }
      }
      let earliest = now.advanced(by: pause)
      try await clock.sleep(until: max(earliest, schedule?.next ?? earliest), tolerance: nil)
    }
  }
}
