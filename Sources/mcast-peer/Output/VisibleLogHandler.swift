import CommonSupport
import Logging
import MulticastDTLS

/// Writes log lines to standard error, and escapes control and invisible characters in them.
struct VisibleLogHandler: LogHandler {
  private var inner: StreamLogHandler

  init(_ label: String) {
    inner = StreamLogHandler.standardError(label: label)
  }

  var metadata: Logger.Metadata {
    get { inner.metadata }
    set { inner.metadata = newValue }
  }

  var logLevel: Logger.Level {
    get { inner.logLevel }
    set { inner.logLevel = newValue }
  }

  func log(event: LogEvent) {
    var event = event
    event.message = "\(event.message.description.visible)"
    inner.log(event: event)
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { inner[metadataKey: key] }
    set { inner[metadataKey: key] = newValue }
  }
}
