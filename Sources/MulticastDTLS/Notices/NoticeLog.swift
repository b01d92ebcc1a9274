import Dispatch
import Logging
import Synchronization

/// Logs on a queue of its own, so that a log that nobody reads (a full pipe, a terminal that is held) holds up nobody
/// who receives. What does not fit a short backlog is left out.
final class NoticeLog: Sendable {
  private static let backlog = 64

  private let logger: Logger
  private let queue = DispatchQueue(label: "mcast-peer.notices")
  private let waiting = Atomic(0)

  init(_ logger: Logger) {
    self.logger = logger
  }

  /// Returns when all lines are logged.
  func flush() {
    queue.sync {}
  }

  /// Logs a line, soon.
  func log(_ level: Logger.Level, _ text: String) {
    guard waiting.load(ordering: .relaxed) < Self.backlog else { return }
    waiting.add(1, ordering: .relaxed)
    queue.async { [self] in
      logger.log(level: level, "\(text)")
      waiting.subtract(1, ordering: .relaxed)
    }
  }
}
