/// The events of a peer, as they happen.
///
/// Up to 1024 events wait for a reader; later ones are lost, except ``PeerEvent/failed(_:)``. The stream ends when the peer
/// has stopped and all its events were read. Its rules are those of ``MessageStream``.
public struct EventStream: AsyncSequence, Sendable {
  /// One event.
  public typealias Element = PeerEvent
  /// Nothing fails.
  public typealias Failure = Never

  let buffer: StreamBuffer<PeerEvent>

  /// Makes an iterator; the events that it has not returned when it is released go to the next reader.
  public func makeAsyncIterator() -> Iterator {
    Iterator(buffer)
  }

  /// Iterates over the events of a peer.
  public struct Iterator: AsyncIteratorProtocol {
    private let taken: TakenElements<PeerEvent>

    init(_ buffer: StreamBuffer<PeerEvent>) {
      taken = TakenElements(buffer)
    }

    /// The next event; nil if the peer has stopped and all its events were read, or the task is cancelled.
    public mutating func next(isolation actor: isolated (any Actor)? = #isolation) async -> PeerEvent? {
      if let event = taken.next() { return event }
      return await taken.takeNext(isolation: actor)
    }
  }
}
