import Synchronization

/// Events that wait for their turn, each at most once.
final class PendingEvents<Event: Hashable & Sendable>: Sendable {
  /// The events in the order of their arrival. Each must be reported as ``taken(_:)`` before it can wait again.
  let stream: AsyncStream<Event>
  private let sink: AsyncStream<Event>.Continuation
  private let waiting = Mutex<Set<Event>>([])

  init() {
    (stream, sink) = AsyncStream.makeStream()
  }

  /// Adds an event, unless it waits already.
  func add(_ event: Event) {
    if waiting.withLock({ $0.insert(event).inserted }) { sink.yield(event) }
  }

  /// Records that the work for an event begins: from now on, the event means new work.
  func taken(_ event: Event) {
    waiting.withLock { _ = $0.remove(event) }
  }

  /// Ends the stream after the waiting events.
  func finish() {
    sink.finish()
  }
}
