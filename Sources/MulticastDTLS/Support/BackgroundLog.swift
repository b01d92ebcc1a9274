import Dispatch
import Logging
import Synchronization

/// Logs on a queue of its own, so that a blocked log (a full pipe, a held terminal) does not block the receive thread.
/// Lines past a short backlog are dropped.
final class BackgroundLog: Sendable {
  private static let backlog = 64

  private let logger: Logger
  private let queue = DispatchQueue(label: "mcast-peer.log")
  private let waiting = Atomic(0)

  init(_ logger: Logger) {
    self.logger = logger
  }

  /// Logs a line soon.
  func log(_ level: Logger.Level, _ message: Logger.Message, _ metadata: Logger.Metadata) {
    guard waiting.load(ordering: .relaxed) < Self.backlog else { return }
    waiting.add(1, ordering: .relaxed)
    queue.async { [self] in
      logger.log(level: level, message, metadata: metadata)
      waiting.subtract(1, ordering: .relaxed)
    }
  }

  /// Returns when all lines are logged.
  func flush() {
    queue.sync {}
  }
}
