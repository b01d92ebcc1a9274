import Dispatch
import Logging
import Synchronization

/// Logs on a queue of its own, so that a log that nobody reads (a full pipe, a terminal that is held) holds up nobody
/// who receives. What does not fit a short backlog is left out.
final class NoticeLog: Sendable {
  private static let backlog = 64

  private let logger: Logger
  private let onNotice: (@Sendable (NoticeReport) -> Void)?
  private let queue = DispatchQueue(label: "mcast-peer.notices")
  private let waiting = Atomic(0)

  /// - Parameter onNotice: Gets the notices, too, at once and whether the log is read or not. It must not wait.
  init(_ logger: Logger, onNotice: (@Sendable (NoticeReport) -> Void)? = nil) {
    self.logger = logger
    self.onNotice = onNotice
  }

  /// Returns when all lines are logged.
  func flush() {
    queue.sync {}
  }

  /// Logs a line, soon.
  func log(_ level: Logger.Level, _ text: String) {
    enqueue { $0.logger.log(level: level, "\(text)") }
  }

  /// Reports a notice, and logs it, soon.
  func say(_ notice: Notice, _ here: Notice.LocalMember) {
    let report = NoticeReport(notice, here)
    onNotice?(report)
    enqueue { $0.logger.log(level: notice.level, "\(report.text)") }
  }

  private func enqueue(_ body: @escaping @Sendable (NoticeLog) -> Void) {
    guard waiting.load(ordering: .relaxed) < Self.backlog else { return }
    waiting.add(1, ordering: .relaxed)
    queue.async { [self] in
      body(self)
      waiting.subtract(1, ordering: .relaxed)
    }
  }
}
