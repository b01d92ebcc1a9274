/// The messages of a peer, as they arrive.
///
/// A reader takes all messages that wait at once, so that it suspends once for many messages. Any task may read; of several,
/// each gets other messages. Messages that a reader leaves, because it was cancelled or stopped iterating, go to the next
/// reader. The stream ends when the peer has stopped and no message waits.
public struct MessageStream: AsyncSequence, Sendable {
  /// One message of another member.
  public typealias Element = Message
  /// Nothing fails.
  public typealias Failure = Never

  let buffer: StreamBuffer<Message>

  /// Makes an iterator; the messages that it has not returned when it is released go to the next reader.
  public func makeAsyncIterator() -> Iterator {
    Iterator(buffer)
  }

  /// Iterates over the messages of a peer.
  public struct Iterator: AsyncIteratorProtocol {
    private let taken: TakenElements<Message>

    init(_ buffer: StreamBuffer<Message>) {
      taken = TakenElements(buffer)
    }

    /// The next message; nil if the peer has stopped and all its messages were read, or the task is cancelled.
    public mutating func next(isolation actor: isolated (any Actor)? = #isolation) async -> Message? {
      if let message = taken.next() { return message }
      return await taken.takeNext(isolation: actor)
    }
  }
}
