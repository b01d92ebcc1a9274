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
  /// The logger of the library: its debug lines. The events of a peer are logged in this command's words instead.
  static func ofLibrary(_ logger: Logger) -> Logger {
    var inner = Logger(label: "MulticastDTLS") { _ in DebugLogHandler(logger) }
    inner.logLevel = logger.logLevel
    return inner
  }
}

/// Forwards debug lines to another logger, and drops all others.
private struct DebugLogHandler: LogHandler {
  private let logger: Logger
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level

  init(_ logger: Logger) {
    self.logger = logger
    logLevel = logger.logLevel
  }

  func log(event: LogEvent) {
    if event.level <= .debug { logger.log(level: event.level, event.message, metadata: event.metadata) }
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }
}
