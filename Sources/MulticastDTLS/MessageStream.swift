import Synchronization

/// The messages of a peer, as they arrive.
///
/// A reader takes all messages that wait at once, so that it suspends once for many messages. Any task may read; of several,
/// each gets other messages. Messages that a reader leaves, because it was cancelled or stopped iterating, go to the next
/// reader. The stream ends when the peer has stopped and all its messages were read.
public struct MessageStream: AsyncSequence, Sendable {
  /// One message of another member.
  public typealias Element = Message
  /// Nothing fails.
  public typealias Failure = Never

  let buffer: MessageBuffer

  /// Makes an iterator; the messages that it has not returned when it is released go to the next reader.
  public func makeAsyncIterator() -> Iterator {
    Iterator(buffer)
  }

  /// Iterates over the messages of a peer.
  public struct Iterator: AsyncIteratorProtocol {
    private let taken: TakenMessages

    init(_ buffer: MessageBuffer) {
      taken = TakenMessages(buffer)
    }

    /// The next message; nil if the peer has stopped and all its messages were read, or the task is cancelled.
    public mutating func next(isolation actor: isolated (any Actor)? = #isolation) async -> Message? {
      if let message = taken.next() { return message }
      return await taken.takeNext(isolation: actor)
    }
  }
}

/// The messages that one iterator has taken and not returned. One task uses it.
private final class TakenMessages {
  private let buffer: MessageBuffer
  private var messages: [Message] = []
  private var index = 0

  init(_ buffer: MessageBuffer) {
    self.buffer = buffer
  }

  deinit {
    if index < messages.count { buffer.putBack(messages[index...]) }
  }

  func next() -> Message? {
    guard index < messages.count, !Task.isCancelled else { return nil }
    defer { index += 1 }
    return messages[index]
  }

  func takeNext(isolation actor: isolated (any Actor)?) async -> Message? {
    if index < messages.count { return nil }
    messages.removeAll(keepingCapacity: true)
    index = 0
    await buffer.take(into: &messages)
    return next()
  }
}
