import Logging
import MulticastDTLS

/// A logger that does not block, for tasks.
struct LogQueue: Sendable {
  private let log: BackgroundLog
  let logger: Logger

  /// - Parameter inner: Writes the lines, and may block.
  init(_ inner: Logger) {
    let log = BackgroundLog(inner)
    self.log = log
    var logger = Logger(label: inner.label) { _ in Handler(log: log) }
    logger.logLevel = inner.logLevel
    self.logger = logger
  }

  /// Returns once all lines are written, or the time is up since standard error is blocked.
  func flush(within time: Duration = .milliseconds(400)) async {
    await log.flush(within: time)
  }

  private struct Handler: LogHandler {
    let log: BackgroundLog
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    func log(event: LogEvent) {
      log.log(event.level, event.message, metadata.merging(event.metadata ?? [:]) { $1 })
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }
  }
}
