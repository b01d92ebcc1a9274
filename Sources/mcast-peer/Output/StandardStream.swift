import Dispatch
import Glibc
import Synchronization

/// A stream that gets whole lines, at once: nothing waits for more, also when it is a pipe or a file.
///
/// It writes on a queue of its own, all that is there in one go. A reader that stalls (a full pipe, a terminal that is held
/// with Ctrl+S) so holds up the task that prints, once some 64 kB wait, and none of the few threads that all tasks share.
/// Who must not wait offers what is to be printed instead.
final class StandardStream: Sendable {
  static let standardOutput = StandardStream(descriptor: STDOUT_FILENO)
  static let standardError = StandardStream(descriptor: STDERR_FILENO)

  private let descriptor: CInt
  private let queue = DispatchQueue(label: "mcast-peer.console")
  private let pending = Mutex(Pending())

  /// So many bytes may wait before whoever prints does, and before nothing is taken any more that is offered.
  private static let limit = 65_536
  private static let offerLimit = 16 << 20

  private struct Pending {
    var text: [UInt8] = []
    /// Room that was used before, for what comes while the queue writes.
    var spare: [UInt8] = []
    /// Whether the queue is at it.
    var isWriting = false
    /// How many bytes were printed until now, and how many are written.
    var printed = 0
    var written = 0
    /// Why nothing can be written any more, and who is to know.
    var failure: OutputError?
    var onFailure: (@Sendable (OutputError) -> Void)?
    /// Those who wait until so much is written.
    var waiting: [(mark: Int, done: CheckedContinuation<Void, any Error>)] = []

    mutating func takeWaiting() -> [CheckedContinuation<Void, any Error>] {
      let due = waiting.filter { $0.mark <= written || failure != nil }.map(\.done)
      if !due.isEmpty { waiting.removeAll { $0.mark <= written || failure != nil } }
      return due
    }
  }

  /// Takes a descriptor that stays open.
  init(descriptor: CInt) {
    self.descriptor = descriptor
  }

  /// Has lines written that must not be parted.
  ///
  /// - Throws: ``OutputError`` if the stream did not take what was printed before, for instance because a disk is full.
  func print(_ lines: [UInt8]) async throws {
    let isFull = try pending.withLock { pending in
      if let failure = pending.failure { throw failure }
      return add(lines.span, &pending) > Self.limit
    }
    if isFull { try await flush() }
  }

  /// Has a line written.
  ///
  /// - Throws: As ``print(_:)-([UInt8])`` does.
  func print(_ line: String) async throws {
    try await print(Array(line.utf8) + [UInt8(ascii: "\n")])
  }

  /// Has something written if there is room for it, without waiting.
  ///
  /// - Returns: Whether there was.
  func offer(_ lines: Span<UInt8>) -> Bool {
    pending.withLock { pending in
      guard pending.failure == nil, pending.text.count + lines.count <= Self.offerLimit else { return false }
      _ = add(lines, &pending)
      return true
    }
  }

  private func add(_ lines: Span<UInt8>, _ pending: inout Pending) -> Int {
    unsafe lines.withUnsafeBufferPointer { unsafe pending.text.append(contentsOf: $0) }
    pending.printed += lines.count
    if !pending.isWriting {
      pending.isWriting = true
      queue.async { [self] in writePending() }
    }
    return pending.text.count
  }

  /// Returns when all that was printed until now is written.
  ///
  /// - Throws: ``OutputError`` if the stream did not take it.
  func flush() async throws {
    try await withCheckedThrowingContinuation { done in
      let result: Result<Void, any Error>? = pending.withLock { pending in
        if let failure = pending.failure { return .failure(failure) }
        if pending.written == pending.printed { return .success(()) }
        pending.waiting.append((pending.printed, done))
        return nil
      }
      if let result { done.resume(with: result) }
    }
  }

  private func writePending() {
    while true {
      var text = pending.withLock { pending in
        let text = pending.text
        pending.text = pending.spare
        pending.spare = []
        return text
      }
      let failure = unsafe text.withUnsafeBytes { bytes -> OutputError? in
        do throws(OutputError) {
          try unsafe Self.write(bytes, to: descriptor)
          return nil
        } catch {
          return error
        }
      }
      let count = text.count
      text.removeAll(keepingCapacity: count <= Self.limit)
      let (waiting, isDone, onFailure) = pending.withLock { pending in
        pending.written += count
        if failure != nil { pending.failure = failure }
        if pending.spare.capacity == 0 { pending.spare = text }
        let isDone = pending.failure != nil || pending.text.isEmpty
        if isDone { pending.isWriting = false }
        return (pending.takeWaiting(), isDone, pending.onFailure)
      }
      if let failure { onFailure?(failure) }
      for done in waiting { done.resume(with: failure.map { .failure($0) } ?? .success(())) }
      if isDone { return }
    }
  }

  /// Calls once something cannot be written, for who only offers and never waits.
  func whenFailed(_ body: @escaping @Sendable (OutputError) -> Void) {
    let failure = pending.withLock { pending in
      pending.onFailure = body
      return pending.failure
    }
    if let failure { body(failure) }
  }

  /// Whether all that was printed until now is written.
  var isWritten: Bool {
    pending.withLock { $0.written == $0.printed }
  }

  /// Whether something waits to be written, or would have to: here, or where others write to the stream as well.
  var isStalled: Bool {
    var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    let isFull = unsafe poll(&ready, 1, 0) == 0
    return isFull || !isWritten
  }

  /// Calls once nobody reads the stream any more, where it is a pipe or a socket. Source: poll(2), POLLERR.
  func whenClosed(_ body: @escaping @Sendable () -> Void) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, [S_IFIFO, S_IFSOCK].contains(status.st_mode & S_IFMT) else { return }
    // The thread waits for good, if need be: it ends with the process.
    DispatchQueue(label: "mcast-peer.console.closed").async { [descriptor] in
      var closed = pollfd(fd: descriptor, events: 0, revents: 0)
      while unsafe poll(&closed, 1, -1) < 0, errno == EINTR {}
      body()
    }
  }

  /// Writes a short text if the stream takes it at once. Source: poll(2), pipe(7).
  static func writeIfReady(_ text: String, to descriptor: CInt) {
    var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    if unsafe poll(&ready, 1, 0) > 0 { try? write(text, to: descriptor) }
  }

  /// Writes a text, and returns when the stream has taken it.
  static func write(_ text: String, to descriptor: CInt) throws {
    try unsafe Array(text.utf8).withUnsafeBytes { try unsafe write($0, to: descriptor) }
  }

  /// Writes bytes, and returns when the stream has taken them.
  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt) throws(OutputError) {
    var count = 0
    while count < bytes.count {
      let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[count...])
      let written = unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
      if written >= 0 {
        count += written
      } else if errno == EAGAIN {
        // Another program that shares the terminal may have made it non-blocking.
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        unsafe poll(&ready, 1, -1)
      } else if errno != EINTR {
        throw OutputError(descriptor: descriptor, code: errno)
      }
    }
  }
}
