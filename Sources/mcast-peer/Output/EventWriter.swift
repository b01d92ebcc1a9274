import Logging
import MulticastDTLS
import Synchronization

/// What a peer shows on standard output: what arrives at once, from the thread that receives, and what its tasks have to
/// say; and what it counts by the way.
final class EventWriter: Sendable {
  private let console: StandardStream
  private let stopTrigger: StopTrigger
  /// After how many messages it ends.
  private let limit: Int?
  private let state: Mutex<State>
  /// The events of refused and dropped datagrams that were shown.
  private let dropped = Mutex(DroppedEvents())

  private struct State {
    var presentation: any EventFormat
    /// What came before the start was shown; nil since then.
    var early: [UInt8]? = []
    /// Used again for each message.
    var text: [UInt8] = []
    var received = 0
    var sent = 0
    /// Whether the end was shown, after which comes nothing more.
    var isEnded = false
  }

  /// What may come before the start is shown.
  private static let earlyLimit = 1 << 20

  /// - Parameter limit: After how many messages it ends, and takes no more.
  init(_ presentation: sending any EventFormat, on console: StandardStream, stopTrigger: StopTrigger, limit: Int?) {
    self.console = console
    self.stopTrigger = stopTrigger
    self.limit = limit
    state = Mutex(State(presentation: presentation))
  }

  /// How many messages came, and how many were sent.
  var counts: (received: Int, sent: Int) {
    state.withLock { ($0.received, $0.sent) }
  }

  /// Shows a message, without waiting.
  ///
  /// - Returns: Whether there was room for it; there is none when standard output is taken too slowly.
  func received(_ origin: Message.Origin, _ payload: Span<UInt8>) -> Bool {
    state.withLock { state in
      if let limit, state.received >= limit { return false }
      guard offer(&state, { $0.received(origin, payload, &$1) }) else { return false }
      state.received += 1
      if state.received == limit { stopTrigger.fire(.expected) }
      return true
    }
  }

  /// Shows that the peer has started, and what came before.
  func started(_ start: Start) async throws {
    try await show { $0.started(start, &$1) }
    state.withLock { state in
      // Under the lock, so that what comes now comes after it.
      if let early = state.early { _ = console.offer(early.span) }
      state.early = nil
    }
    try await console.flush()
  }

  /// Shows messages that were sent.
  ///
  /// - Parameters:
  ///   - numbers: Their epochs and sequences.
  ///   - interface: The kernel's number of the one that they left by.
  func sent(_ payloads: ArraySlice<[UInt8]>, _ numbers: [SendReceipt.Number], on interface: UInt32) async throws {
    try await print { state, text in
      for (payload, number) in zip(payloads, numbers) {
        state.presentation.sent(payload, number, on: interface, &text)
      }
      state.sent += payloads.count
    }
  }

  /// Shows something else, and waits while too much waits to be written.
  func show(_ body: (inout any EventFormat, inout [UInt8]) -> Void) async throws {
    try await print { body(&$0.presentation, &$1) }
  }

  private func print(_ body: (inout State, inout [UInt8]) -> Void) async throws {
    let text = state.withLock { state in
      var text: [UInt8] = []
      if !state.isEnded { body(&state, &text) }
      return text
    }
    if !text.isEmpty { try await console.print(text) }
  }

  /// Shows something else if there is room for it, without waiting.
  ///
  /// - Returns: Whether there was.
  @discardableResult
  func offer(_ body: (inout any EventFormat, inout [UInt8]) -> Void) -> Bool {
    state.withLock { state in offer(&state, body) }
  }

  /// - Returns: Whether there was room.
  private func offer(_ state: inout State, _ body: (inout any EventFormat, inout [UInt8]) -> Void) -> Bool {
    if state.isEnded { return false }
    state.text.removeAll(keepingCapacity: true)
    body(&state.presentation, &state.text)
    guard let early = state.early else { return state.text.isEmpty || console.offer(state.text.span) }
    guard early.count + state.text.count <= Self.earlyLimit else { return false }
    state.early? += state.text
    return true
  }

  /// Shows what was refused or dropped since the last time, as far as it is time for that.
  ///
  /// - Parameter isLast: Whether nothing is shown after it.
  func showDropped(_ statistics: Statistics, now: ContinuousClock.Instant = .now, isLast: Bool = false) {
    dropped.withLock { dropped in
      var next = dropped
      let events = next.events(of: statistics, now: now, isLast: isLast)
      let isShown =
        events.isEmpty
        || offer { presentation, text in
          for event in events { presentation.dropped(event, &text) }
        }
      // Else it is told the next time.
      if isShown { dropped = next }
    }
  }

  /// Shows that it is over, and why; nothing is shown after that.
  func end() async throws {
    let reason = stopTrigger.reason ?? .error
    try await print { state, text in
      state.presentation.ended(reason, received: state.received, sent: state.sent, &text)
      state.isEnded = true
    }
    try await console.flush()
  }

  /// Whether all that was shown until now is written.
  var isWritten: Bool { console.isWritten }
}
