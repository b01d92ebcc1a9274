import Logging

/// Hands on each line that is logged.
struct EventLogHandler: LogHandler {
  let say: @Sendable (String) -> Void

  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .info

  init(_ say: @escaping @Sendable (String) -> Void) {
    self.say = say
  }

  func log(event: LogEvent) {
    say("\(event.level >= .warning ? "\(event.level): " : "")\(event.message)")
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }
}
