/// The sending side's clock for many messages a second: calls for those that are due, as a batch.
///
/// 1. Call for what is due by the rate; at the rate 0, for a batch.
/// 2. Wait for the next that is due, and at least a millisecond, so that those of a high rate come together.
/// 3. End after `count` messages, or when the task is cancelled.
public struct SendPacer<C: Clock>: Sendable where C.Duration == Duration {
  private let rate: Double
  private let count: UInt64?
  private let clock: C

  /// The most messages that are called for at a time.
  public static var batch: Int { SendBatch.capacity }
  /// The shortest time between two calls, unless there is more to do.
  private static var pause: Duration { .milliseconds(1) }

  /// Sets a pacer up.
  ///
  /// - Parameters:
  ///   - rate: Messages a second; 0 calls again as soon as the last call has returned.
  ///   - count: How many messages to call for; nil goes on until the task is cancelled.
  ///   - clock: What tells the time; tests bring their own.
  public init(rate: Double, count: UInt64? = nil, clock: C = ContinuousClock()) {
    precondition(rate >= 0, "a rate must not be negative")
    self.rate = rate
    self.count = count
    self.clock = clock
  }

  /// Runs the schedule.
  ///
  /// - Parameter send: Sends the messages with these numbers, which begin with 1, and returns how many were sent; the next
  ///   call begins with the first that was not. If none was, that is a while later.
  /// - Throws: `CancellationError` if the task is cancelled, and what `send` throws.
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
