import Logging
import Synchronization

/// A log that keeps its lines for a test to read.
package final class RecordedLog: Sendable {
  private let recorded = Mutex<[String]>([])

  package init() {}

  /// The logged lines, each as `level: text`.
  package var lines: [String] { recorded.withLock { $0 } }

  /// Keeps a line.
  package func record(_ line: String) {
    recorded.withLock { $0.append(line) }
  }

  /// A logger that writes here.
  package var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

  private struct Handler: LogHandler {
    let log: RecordedLog
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let details = event.metadata ?? [:]
      let text = details.isEmpty ? "" : " " + details.map { "\($0)=\($1)" }.sorted().joined(separator: " ")
      log.record("\(event.level): \(event.message)\(text)")
    }
  }
}
