import Glibc
import Logging

/// Writes log lines to standard error, each with one write, so that lines of several processes stay whole.
struct StandardErrorLog: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .info

  func log(event: LogEvent) {
    let details = metadata.merging(event.metadata ?? [:]) { $1 }
    let message = details.sorted { $0.key < $1.key }.reduce("\(event.message)") { "\($0) \($1.key)=\($1.value)" }
    Self.write(event.level, message)
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes a line without a logger. A failed write has nobody to be reported to.
  static func write(_ level: Logger.Level, _ message: String) {
    try? StandardStream.write(LogForm.ofStandardError.line(level, message) + "\n", to: STDERR_FILENO)
  }
}
