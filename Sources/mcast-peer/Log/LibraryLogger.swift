import Logging

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
