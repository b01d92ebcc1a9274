import CBenchSupport
import Histogram
import Synchronization

/// The end of every path: counts messages, and records the latency of timed ones.
final class Delivery: Sendable {
  private let counts: SharedCounts
  private let receiver: Int
  private let isTimed = Atomic(false)
  private let latencies = Mutex(Histogram<UInt32>(highestTrackableValue: 60_000_000_000))

  init(counts: SharedCounts, receiver: Int) {
    self.counts = counts
    self.receiver = receiver
  }

  var delivered: UInt64 { counts[receiver] }

  /// Resets the recorded latencies.
  func begin(isTimed: Bool) {
    latencies.withLock { $0.reset() }
    self.isTimed.store(isTimed, ordering: .releasing)
  }

  /// Counts one message, on the receive thread.
  func take(_ payload: Span<UInt8>) {
    if isTimed.load(ordering: .acquiring) { record(payload) }
    // After the latency, so that a reader of the count sees the complete histogram.
    counts[receiver] += 1
  }

  /// The latencies since ``begin(isTimed:)``; nil if there are none.
  var latency: Latency? {
    latencies.withLock { histogram in
      guard histogram.totalCount > 0 else { return nil }
      func percentile(_ percentile: Double) -> Double {
        Double(histogram.valueAtPercentile(percentile)) / 1000
      }
      return Latency(p50: percentile(50), p99: percentile(99), p999: percentile(99.9))
    }
  }

  private func record(_ payload: Span<UInt8>) {
    let now = cbench_now()
    guard payload.count >= Stamp.size else { return }
    let time = unsafe payload.withUnsafeBytes { unsafe Stamp.read($0) }
    latencies.withLock { _ = $0.record(now > time ? now - time : 0) }
  }
}
