import Synchronization

/// The reason for which a peer stops.
enum StopReason: String, CaseIterable {
  case signal
  /// All messages of `--count` were sent.
  case count
  /// Standard input is at its end.
  case input
  case deadline
  /// As many messages arrived as were expected.
  case expected
  /// The reader of standard output is gone.
  case output
  /// The peer cannot go on.
  case error
}

/// Tells a peer to stop, once; the first reason counts.
final class StopTrigger: Sendable {
  private let reasons: AsyncStream<StopReason>
  private let continuation: AsyncStream<StopReason>.Continuation
  private let first = Mutex<StopReason?>(nil)

  init() {
    (reasons, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
  }

  /// Stops the peer; a later reason changes nothing.
  func fire(_ reason: StopReason) {
    first.withLock { if $0 == nil { $0 = reason } }
    continuation.yield(reason)
    continuation.finish()
  }

  /// Returns once there is a reason. One task may wait.
  func wait() async {
    for await _ in reasons {}
  }

  /// The first reason; nil as long as the peer runs.
  var reason: StopReason? {
    first.withLock { $0 }
  }
}
