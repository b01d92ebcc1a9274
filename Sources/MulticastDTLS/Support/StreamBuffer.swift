import Synchronization

/// The elements of an asynchronous sequence that wait for a reader, up to a capacity. Any thread may use it.
///
/// 1. The producer appends each element, and wakes one reader if there is one.
/// 2. The reader takes all elements that wait, by exchanging two arrays, so that nothing is copied or allocated.
/// 3. A reader that leaves puts back the elements that it has not returned (see ``TakenElements``).
final class StreamBuffer<Element: Sendable>: Sendable {
  private struct State {
    var elements: [Element] = []
    var readers: [Reader] = []
    var nextReader: UInt64 = 0
    var isFinished = false
  }

  /// A task that waits for an element.
  private struct Reader {
    let number: UInt64
    let continuation: CheckedContinuation<Void, Never>
  }

  private let capacity: Int
  private let state = Mutex(State())

  /// - Parameter capacity: The most elements that wait.
  init(capacity: Int) {
    self.capacity = capacity
  }

  /// Adds an element, and returns true if there was room for it.
  ///
  /// - Parameter isVital: True if it is added although there is no room.
  @discardableResult
  func append(_ element: Element, isVital: Bool = false) -> Bool {
    let (isAppended, reader) = state.withLock { state -> (Bool, Reader?) in
      guard state.elements.count < capacity || isVital, !state.isFinished else { return (false, nil) }
      state.elements.append(element)
      return (true, state.readers.isEmpty ? nil : state.readers.removeFirst())
    }
    reader?.continuation.resume()
    return isAppended
  }

  /// Puts elements back in front of all that wait, and wakes a reader.
  func putBack(_ elements: ArraySlice<Element>) {
    let reader = state.withLock { state -> Reader? in
      state.elements.insert(contentsOf: elements, at: 0)
      return state.readers.isEmpty ? nil : state.readers.removeFirst()
    }
    reader?.continuation.resume()
  }

  /// Takes all elements that wait, without waiting for one.
  func takeAll() -> [Element] {
    state.withLock { state in
      defer { state.elements = [] }
      return state.elements
    }
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

  /// Takes all elements that wait, and waits until there is one; takes none if the buffer is finished or the task is
  /// cancelled.
  ///
  /// - Parameter taken: Receives the elements; it must be empty, and gives its storage to those that come next.
  func take(into taken: inout [Element]) async {
    while !Task.isCancelled {
      let isReady = state.withLock { state in
        if state.elements.isEmpty { return state.isFinished }
        if state.elements.count <= capacity {
          swap(&state.elements, &taken)
        } else {
          // Readers have put some back: what one of them holds, and may put back again, must not grow.
          taken += state.elements.prefix(capacity)
          state.elements.removeFirst(capacity)
        }
        return true
      }
      if isReady { return }
      await wait()
    }
    // Cancelled: it may have been woken for an element that it leaves.
    let reader = state.withLock { state in
      state.elements.isEmpty || state.readers.isEmpty ? nil : state.readers.removeFirst()
    }
    reader?.continuation.resume()
  }

  /// Returns once there may be an element, the buffer is finished, or the task is cancelled.
  private func wait() async {
    let number = state.withLock { state in
      state.nextReader += 1
      return state.nextReader
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isWaiting = state.withLock { state in
          // Asked under the lock that `onCancel` takes: it finds the reader, or the reader finds out here.
          guard state.elements.isEmpty, !state.isFinished, !Task.isCancelled else { return false }
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

/// The elements that one iterator has taken from a buffer and not returned. One task uses it.
final class TakenElements<Element: Sendable> {
  private let buffer: StreamBuffer<Element>
  private var elements: [Element] = []
  private var index = 0

  init(_ buffer: StreamBuffer<Element>) {
    self.buffer = buffer
  }

  deinit {
    if index < elements.count { buffer.putBack(elements[index...]) }
  }

  /// The next element, if one was taken and the task is not cancelled.
  func next() -> Element? {
    guard index < elements.count, !Task.isCancelled else { return nil }
    defer { index += 1 }
    return elements[index]
  }

  /// Takes all elements that wait, and returns the first; nil if the buffer is finished or the task is cancelled.
  func takeNext(isolation actor: isolated (any Actor)?) async -> Element? {
    if index < elements.count { return nil }
    elements.removeAll(keepingCapacity: true)
    index = 0
    await buffer.take(into: &elements)
    return next()
  }
}
