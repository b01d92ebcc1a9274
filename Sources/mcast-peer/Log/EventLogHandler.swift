import Logging

/// Forwards each log line to a closure.
struct EventLogHandler: LogHandler {
  private let forward: @Sendable (String) -> Void

  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .info

  init(_ forward: @escaping @Sendable (String) -> Void) {
    self.forward = forward
  }

  func log(event: LogEvent) {
    forward("\(event.level >= .warning ? "\(event.level): " : "")\(event.message)")
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }
}
