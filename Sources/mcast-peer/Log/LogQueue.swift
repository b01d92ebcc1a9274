import Dispatch
import Logging
import Synchronization

/// Logs on a queue of its own, so that a blocked standard error does not block a task. Lines past a short backlog are
/// dropped.
final class LogQueue: Sendable {
  private static let backlog = 64
  /// The time between two looks at the backlog.
  private static let pause = Duration.milliseconds(10)

  private let inner: Logger
  private let queue = DispatchQueue(label: "mcast-peer.log")
  private let waiting = Atomic(0)

  /// - Parameter logger: Writes the lines, and may block.
  init(_ logger: Logger) {
    inner = logger
  }

  /// A logger for tasks, which does not block.
  var logger: Logger {
    var logger = Logger(label: inner.label) { _ in Handler(queue: self) }
    logger.logLevel = inner.logLevel
    return logger
  }

  /// Returns once all lines are written, or the time is up since standard error is blocked.
  func flush(within time: Duration = .milliseconds(400)) async {
    let end = ContinuousClock.now + time
    while waiting.load(ordering: .relaxed) > 0, .now < end { try? await Task.sleep(for: Self.pause) }
  }

  private func log(_ level: Logger.Level, _ message: Logger.Message) {
    guard waiting.load(ordering: .relaxed) < Self.backlog else { return }
    waiting.add(1, ordering: .relaxed)
    queue.async { [self] in
      inner.log(level: level, message)
      waiting.subtract(1, ordering: .relaxed)
    }
  }

  private struct Handler: LogHandler {
    let queue: LogQueue
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    func log(event: LogEvent) {
      queue.log(event.level, event.message)
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }
  }
}
