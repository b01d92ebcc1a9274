import Synchronization

/// The messages that wait for a reader, up to a capacity. Any thread may use it.
///
/// 1. The receive thread appends each message, and wakes one reader if there is one.
/// 2. The reader takes all messages that wait, by exchanging two arrays, so that nothing is copied or allocated.
final class MessageBuffer: Sendable {
  private struct State {
    var messages: [Message] = []
    var readers: [Reader] = []
    var nextReader: UInt64 = 0
    var isFinished = false
  }

  /// A task that waits for messages.
  private struct Reader {
    let number: UInt64
    let continuation: CheckedContinuation<Void, Never>
  }

  private let capacity: Int
  private let state = Mutex(State())

  /// - Parameter capacity: The most messages that wait.
  init(capacity: Int) {
    self.capacity = capacity
  }

  /// Adds a message, and returns true if there was room for it.
  func append(_ message: Message) -> Bool {
    let (isAppended, reader) = state.withLock { state -> (Bool, Reader?) in
      guard state.messages.count < capacity, !state.isFinished else { return (false, nil) }
      state.messages.append(message)
      return (true, state.readers.isEmpty ? nil : state.readers.removeFirst())
    }
    reader?.continuation.resume()
    return isAppended
  }

  /// Puts messages back in front of all that wait, and wakes a reader.
  func putBack(_ messages: ArraySlice<Message>) {
    let reader = state.withLock { state -> Reader? in
      state.messages.insert(contentsOf: messages, at: 0)
      return state.readers.isEmpty ? nil : state.readers.removeFirst()
    }
    reader?.continuation.resume()
  }

  /// Ends the buffer: what waits can still be taken.
  func finish() {
    let readers = state.withLock { state -> [Reader] in
      state.isFinished = true
      defer { state.readers = [] }
      return state.readers
    }
    for reader in readers { reader.continuation.resume() }
  }

  /// Takes all messages that wait, and waits until there is one; takes none if the buffer is finished or the task is
  /// cancelled.
  ///
  /// - Parameter taken: Receives the messages; it must be empty, and gives its storage to those that come next.
  func take(into taken: inout [Message]) async {
    while !Task.isCancelled {
      let isReady = state.withLock { state in
        if state.messages.isEmpty { return state.isFinished }
        swap(&state.messages, &taken)
        return true
      }
      if isReady { return }
      await wait()
    }
  }

  /// Returns once there may be a message, the buffer is finished, or the task is cancelled.
  private func wait() async {
    let number = state.withLock { state in
      state.nextReader += 1
      return state.nextReader
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isWaiting = state.withLock { state in
          // Asked under the lock that `onCancel` takes: it finds the reader, or the reader finds out here.
          guard state.messages.isEmpty, !state.isFinished, !Task.isCancelled else { return false }
          state.readers.append(Reader(number: number, continuation: continuation))
          return true
        }
        if !isWaiting { continuation.resume() }
      }
    } onCancel: {
      let reader = state.withLock { state in
        state.readers.firstIndex { $0.number == number }.map { state.readers.remove(at: $0) }
      }
      reader?.continuation.resume()
    }
  }
}
