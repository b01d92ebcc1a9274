internal import CDatagram

/// Wakes a thread that waits in `poll`. Source: eventfd(2).
struct WakeEvent: ~Copyable, Sendable {
  private let descriptor: Descriptor

  /// The descriptor that `poll` waits on.
  var rawValue: CInt { descriptor.rawValue }

  /// Creates an event that is not signalled.
  ///
  /// - Throws: ``SystemError`` if there are no descriptors left.
  init() throws(SystemError) {
    descriptor = try Descriptor("eventfd", cdatagram_event())
  }

  /// Signals the event. Idempotent until it is cleared.
  func signal() {
    // The counter overflows after 2^64 - 2 calls; nothing else can fail.
    _ = cdatagram_event_signal(descriptor.rawValue)
  }

  /// Clears the event until it is signalled again.
  func clear() {
    _ = cdatagram_event_clear(descriptor.rawValue)
  }
}
