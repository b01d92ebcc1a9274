import Dispatch
import Logging
import Synchronization

/// Logs on a queue of its own, so that a blocked log (a full pipe, a held terminal) does not block the caller.
///
/// Lines past a short backlog are dropped and counted: the log tells their number once it is no longer blocked. Errors have
/// room of their own, so that a backlog of others drops none.
package final class BackgroundLog: Sendable {
  private static let backlog = 64
  private static let backlogOfErrors = 128
  /// The time between two looks at the backlog.
  private static let pause = Duration.milliseconds(10)

  private let logger: Logger
  private let queue = DispatchQueue(label: "mcast-peer.log")
  private let waiting = Atomic(0)
  private let dropped = Atomic(0)

  /// - Parameter logger: Writes the lines, and may block.
  package init(_ logger: Logger) {
    self.logger = logger
  }

  /// Logs a line soon.
  package func log(_ level: Logger.Level, _ message: Logger.Message, _ metadata: Logger.Metadata = [:]) {
    guard waiting.load(ordering: .relaxed) < (level >= .error ? Self.backlogOfErrors : Self.backlog) else {
      dropped.add(1, ordering: .relaxed)
      return
    }
    waiting.add(1, ordering: .relaxed)
    queue.async { [self] in
      logger.log(level: level, message, metadata: metadata)
      if waiting.subtract(1, ordering: .relaxed).newValue == 0 { reportDropped() }
    }
  }

  private func reportDropped() {
    let count = dropped.exchange(0, ordering: .relaxed)
    if count > 0 { logger.warning("\(count) log lines were dropped, since the log was blocked: read it faster") }
  }

  /// Returns when all lines are logged.
  func flush() {
    queue.sync {}
  }

  /// Returns once all lines are logged, or the time is up since the log is blocked.
  package func flush(within time: Duration) async {
    let end = ContinuousClock.now + time
    while waiting.load(ordering: .relaxed) > 0, .now < end { try? await Task.sleep(for: Self.pause) }
  }
}
