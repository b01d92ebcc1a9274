import Logging
import MulticastDTLS
import Synchronization

/// Writes events to standard output, and counts messages. The receive thread and the tasks of the peer share it.
final class EventWriter: Sendable {
  private let stream: StandardStream
  private let stopTrigger: StopTrigger
  /// The number of received messages that stops the peer; nil if none does.
  private let limit: Int?
  private let state: Mutex<State>
  private let dropped = Mutex(DroppedEvents())

  private struct State {
    var format: any EventFormat
    /// Text held back until the start event is written; nil after that.
    var early: [UInt8]? = []
    /// A buffer, reused for each event.
    var text: [UInt8] = []
    var received = 0
    var sent = 0
    /// True once the end event is written, which is the last one.
    var isEnded = false
  }

  /// The most bytes held back before the start event.
  private static let earlyLimit = 1 << 20

  /// - Parameter limit: The number of received messages that stops the peer. Later ones are refused.
  init(_ format: sending any EventFormat, on stream: StandardStream, stopTrigger: StopTrigger, limit: Int?) {
    self.stream = stream
    self.stopTrigger = stopTrigger
    self.limit = limit
    state = Mutex(State(format: format))
  }

  /// The numbers of messages received and sent.
  var counts: (received: Int, sent: Int) {
    state.withLock { ($0.received, $0.sent) }
  }

  /// Writes a message without blocking.
  ///
  /// - Returns: False if the buffer is full, since the reader of standard output is too slow.
  func received(_ origin: Message.Origin, _ payload: Span<UInt8>) -> Bool {
    state.withLock { state in
      if let limit, state.received >= limit { return false }
      guard offer(&state, { $0.received(origin, payload, &$1) }) else { return false }
      state.received += 1
      if state.received == limit { stopTrigger.fire(.expected) }
      return true
    }
  }

  /// Writes the start event, then the text held back until now.
  func started(_ start: Start) async throws {
    try await write { $0.started(start, &$1) }
    state.withLock { state in
      // Under the lock, so that no later event overtakes the text held back.
      if let early = state.early { _ = stream.offer(early.span) }
      state.early = nil
    }
    try await stream.flush()
  }

  /// Writes messages that were sent.
  ///
  /// - Parameters:
  ///   - numbers: The epochs and sequences of their records.
  ///   - interface: The kernel's index of the sending interface.
  func sent(_ payloads: ArraySlice<[UInt8]>, _ numbers: [SendReceipt.Number], on interface: UInt32) async throws {
    try await print { state, text in
      for (payload, number) in zip(payloads, numbers) {
        state.format.sent(payload, number, on: interface, &text)
      }
      state.sent += payloads.count
    }
  }

  /// Writes an event. Waits while the buffer is full.
  func write(_ body: (inout any EventFormat, inout [UInt8]) -> Void) async throws {
    try await print { body(&$0.format, &$1) }
  }

  private func print(_ body: (inout State, inout [UInt8]) -> Void) async throws {
    let text = state.withLock { state in
      var text: [UInt8] = []
      if !state.isEnded { body(&state, &text) }
      return text
    }
    if !text.isEmpty { try await stream.print(text) }
  }

  /// Writes an event without blocking.
  ///
  /// - Returns: False if the buffer is full.
  @discardableResult
  func offer(_ body: (inout any EventFormat, inout [UInt8]) -> Void) -> Bool {
    state.withLock { state in offer(&state, body) }
  }

  private func offer(_ state: inout State, _ body: (inout any EventFormat, inout [UInt8]) -> Void) -> Bool {
    if state.isEnded { return false }
    state.text.removeAll(keepingCapacity: true)
    body(&state.format, &state.text)
    guard let early = state.early else { return state.text.isEmpty || stream.offer(state.text.span) }
    guard early.count + state.text.count <= Self.earlyLimit else { return false }
    state.early? += state.text
    return true
  }

  /// Writes the due events of rejected and dropped datagrams (see ``DroppedEvents``).
  ///
  /// - Parameter isLast: True at the end, when all remaining counts are due.
  func writeDropped(_ statistics: Statistics, now: ContinuousClock.Instant = .now, isLast: Bool = false) {
    dropped.withLock { dropped in
      var next = dropped
      let events = next.events(of: statistics, now: now, isLast: isLast)
      let isWritten =
        events.isEmpty
        || offer { format, text in
          for event in events { format.dropped(event, &text) }
        }
      // If the buffer was full, the next call tries again.
      if isWritten { dropped = next }
    }
  }

  /// Writes the end event with its reason. No event follows it.
  func end() async throws {
    let reason = stopTrigger.reason ?? .error
    try await print { state, text in
      state.format.ended(reason, received: state.received, sent: state.sent, &text)
      state.isEnded = true
    }
    try await stream.flush()
  }

  /// True if no text waits to be written.
  var isWritten: Bool { stream.isWritten }
}
