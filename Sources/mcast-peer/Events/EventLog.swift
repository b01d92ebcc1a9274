import Dispatch
import Logging
import Synchronization

/// Logs the events of a peer on a queue of its own, so that a blocked standard error does not block a task. Lines past a
/// short backlog are dropped.
final class EventLog: Sendable {
  private static let backlog = 64

  private let logger: Logger
  private let queue = DispatchQueue(label: "mcast-peer.events")
  private let waiting = Atomic(0)

  init(_ logger: Logger) {
    self.logger = logger
  }

  /// Logs a line soon.
  func log(_ level: Logger.Level, _ text: String) {
    guard waiting.load(ordering: .relaxed) < Self.backlog else { return }
    waiting.add(1, ordering: .relaxed)
    queue.async { [self] in
      logger.log(level: level, "\(text)")
      waiting.subtract(1, ordering: .relaxed)
    }
  }
}

extension Logger {
  /// The logger of the library: silent above debug, since the events of a peer are logged in this command's words.
  static func ofLibrary(_ logger: Logger) -> Logger {
    guard logger.logLevel <= .debug else { return Logger(label: "MulticastDTLS") { _ in SwiftLogNoOpLogHandler() } }
    return logger
  }
}
