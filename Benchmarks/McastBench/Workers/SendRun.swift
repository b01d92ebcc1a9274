import CBenchSupport

/// Sends messages for some time, at most one window ahead of the slowest receiver, so that sent messages also arrive.
struct SendRun {
  /// The nanoseconds without an arrival after which messages in flight count as lost.
  private static let lossTimeout: UInt64 = 300_000_000
  /// The nanoseconds of sleep while the window is full. Busy polling would take CPU time from the receiver.
  private static let pause: UInt64 = 20_000

  /// The messages a second above which bursts may leave up to 1 ms early.
  private static let highRate = 100_000.0

  private let end: any SendingEnd
  private let load: Load
  private let counts: SharedCounts
  /// The count of each receiver before this run.
  private let base: [UInt64]
  private var sent = 0
  private var givenUp = 0

  init(_ end: any SendingEnd, _ load: Load, counts: SharedCounts, receivers: Int) {
    self.end = end
    self.load = load
    self.counts = counts
    base = (0..<receivers).map { counts[$0] }
  }

  mutating func run() throws -> SendReport {
    var payloads = [[UInt8]](repeating: [UInt8](repeating: 0x5A, count: load.size), count: load.burst)
    let allocations = Allocations.now
    let microseconds = processMicroseconds()
    let start = cbench_now()
    let length = UInt64(load.seconds * 1e9)
    var turn = 0
    while true {
      guard waitForTurn(start: start, length: length) else { break }
      waitUntilOnTheirWay(atMost: load.window - load.burst)
      if load.isTimed {
        for index in payloads.indices { Stamp.write(to: &payloads[index]) }
      }
      try end.send(payloads, as: turn % load.senders, isBatched: load.isBatched)
      sent += load.burst
      turn += 1
    }
    waitUntilOnTheirWay(atMost: 0)
    return SendReport(
      sent: sent, seconds: Double(cbench_now() - start) / 1e9, microseconds: processMicroseconds() - microseconds,
      allocations: Allocations.now - allocations)
  }

  /// Waits until the schedule allows the next burst.
  ///
  /// - Returns: False if the time is over.
  private func waitForTurn(start: UInt64, length: UInt64) -> Bool {
    guard let rate = load.rate else { return cbench_now() - start < length }
    let due = UInt64(Double(sent) / rate * 1e9)
    guard due < length else { return false }
    // At a high rate, sleeping and waking takes longer than the time between two bursts.
    let lead: UInt64 = rate > Self.highRate ? 1_000_000 : 0
    if start + due > cbench_now() + lead { cbench_sleep_until(start + due) }
    return true
  }

  private mutating func waitUntilOnTheirWay(atMost limit: Int) {
    var arrived = slowest
    var lastArrival = cbench_now()
    while sent - givenUp - arrived > max(limit, 0) {
      cbench_sleep_until(cbench_now() + Self.pause)
      let now = cbench_now()
      if slowest > arrived {
        arrived = slowest
        lastArrival = now
      } else if now - lastArrival > Self.lossTimeout {
        givenUp = sent - arrived
      }
    }
  }

  /// The count of the slowest receiver in this run.
  private var slowest: Int {
    var least = UInt64.max
    for index in base.indices { least = min(least, counts[index] - base[index]) }
    return Int(least)
  }
}
