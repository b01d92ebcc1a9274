import Synchronization

/// The reason for the end of a peer. The raw values appear in the `end` event.
enum StopReason: String, CaseIterable {
  case signal
  /// All messages of `--count` were sent.
  case count
  /// Standard input has ended.
  case input
  case deadline
  /// The messages of `--expect` have arrived.
  case expected
  /// The reader has closed standard output.
  case output
  case error
}

/// Stops a peer, once. The first reason wins.
final class StopTrigger: Sendable {
  private let reasons: AsyncStream<StopReason>
  private let continuation: AsyncStream<StopReason>.Continuation
  private let first = Mutex<StopReason?>(nil)

  init() {
    (reasons, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
  }

  /// Stops the peer. Later reasons are ignored.
  func fire(_ reason: StopReason) {
    first.withLock { if $0 == nil { $0 = reason } }
    continuation.yield(reason)
    continuation.finish()
  }

  /// Waits for a reason. At most one task may wait.
  func wait() async {
    for await _ in reasons {}
  }

  /// The first reason; nil while the peer runs.
  var reason: StopReason? {
    first.withLock { $0 }
  }
}
