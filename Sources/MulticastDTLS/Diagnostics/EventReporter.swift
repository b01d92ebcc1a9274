import Logging

/// Reports events: to the stream of the program that embeds the library, and to its logger.
struct EventReporter: Sendable {
  private let log: BackgroundLog
  private let onEvent: @Sendable (PeerEvent) -> Void

  /// - Parameter onEvent: Called on the thread that reports; must not block.
  init(_ logger: Logger, onEvent: @escaping @Sendable (PeerEvent) -> Void) {
    log = BackgroundLog(logger)
    self.onEvent = onEvent
  }

  /// Reports an event at once, and logs it soon.
  func report(_ event: PeerEvent) {
    onEvent(event)
    log.log(.info, event.message, event.metadata)
  }

  /// Logs a passing condition, for debugging.
  func debug(_ message: Logger.Message, _ metadata: Logger.Metadata) {
    log.log(.debug, message, metadata)
  }
}
