import Dispatch
import Glibc
import Synchronization

/// A stream of whole lines, written at once and never block-buffered, even to a pipe or a file.
///
/// A queue of its own writes all pending text in one call. A stalled reader (a full pipe, a terminal stopped with
/// Ctrl+S) therefore suspends only the task that prints, once 64 KiB are pending, and blocks no thread of the pool that
/// all tasks share. A caller that must not wait uses ``offer(_:)``.
final class StandardStream: Sendable {
  static let standardOutput = StandardStream(descriptor: STDOUT_FILENO)
  static let standardError = StandardStream(descriptor: STDERR_FILENO)

  private let descriptor: CInt
  private let queue = DispatchQueue(label: "mcast-peer.console")
  private let pending = Mutex(Pending())

  /// The pending bytes from which ``print(_:)-([UInt8])`` waits.
  private static let limit = 65_536
  /// The most pending bytes that ``offer(_:)`` accepts.
  private static let offerLimit = 16 << 20

  private struct Pending {
    var text: [UInt8] = []
    /// An emptied buffer, reused for text that arrives while the queue writes.
    var spare: [UInt8] = []
    /// True while the queue runs.
    var isWriting = false
    /// The bytes accepted and the bytes written, since the start.
    var printed = 0
    var written = 0
    /// The first failed write, after which the stream accepts nothing.
    var failure: OutputError?
    var onFailure: (@Sendable (OutputError) -> Void)?
    /// The tasks that wait until `written` reaches their mark.
    var waiting: [(mark: Int, done: CheckedContinuation<Void, any Error>)] = []

    mutating func takeWaiting() -> [CheckedContinuation<Void, any Error>] {
      let due = waiting.filter { $0.mark <= written || failure != nil }.map(\.done)
      if !due.isEmpty { waiting.removeAll { $0.mark <= written || failure != nil } }
      return due
    }
  }

  /// - Parameter descriptor: An open descriptor. The stream never closes it.
  init(descriptor: CInt) {
    self.descriptor = descriptor
  }

  /// Appends lines to the pending text. Waits until they are written if more than 64 KiB are pending.
  ///
  /// - Throws: ``OutputError`` if an earlier write failed, for instance because a disk is full.
  func print(_ lines: [UInt8]) async throws {
    let isFull = try pending.withLock { pending in
      if let failure = pending.failure { throw failure }
      return add(lines.span, &pending) > Self.limit
    }
    if isFull { try await flush() }
  }

  /// As above, for one line without its newline.
  func print(_ line: String) async throws {
    try await print(Array(line.utf8) + [UInt8(ascii: "\n")])
  }

  /// Appends lines to the pending text without waiting.
  ///
  /// - Returns: False if the buffer is full or a write has failed.
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

  /// Waits until all text printed so far is written.
  ///
  /// - Throws: ``OutputError`` if a write failed.
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

  /// Calls `body` once a write fails, for callers that only use ``offer(_:)``.
  func whenFailed(_ body: @escaping @Sendable (OutputError) -> Void) {
    let failure = pending.withLock { pending in
      pending.onFailure = body
      return pending.failure
    }
    if let failure { body(failure) }
  }

  /// True if no text is pending.
  var isWritten: Bool {
    pending.withLock { $0.written == $0.printed }
  }

  /// True if text is pending, or if the stream itself is full: other processes may write to it, too.
  var isStalled: Bool {
    var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    let isFull = unsafe poll(&ready, 1, 0) == 0
    return isFull || !isWritten
  }

  /// Calls `body` once the reader of a pipe or socket has closed it. Source: poll(2), POLLERR.
  func whenClosed(_ body: @escaping @Sendable () -> Void) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, [S_IFIFO, S_IFSOCK].contains(status.st_mode & S_IFMT) else { return }
    // The thread may wait forever: it ends with the process.
    DispatchQueue(label: "mcast-peer.console.closed").async { [descriptor] in
      var closed = pollfd(fd: descriptor, events: 0, revents: 0)
      while unsafe poll(&closed, 1, -1) < 0, errno == EINTR {}
      body()
    }
  }

  /// Writes a short text, unless the stream is full. Source: poll(2), pipe(7).
  static func writeIfReady(_ text: String, to descriptor: CInt) {
    var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    if unsafe poll(&ready, 1, 0) > 0 { try? write(text, to: descriptor) }
  }

  /// Writes a text. Blocks until the stream has accepted all of it.
  static func write(_ text: String, to descriptor: CInt) throws {
    try unsafe Array(text.utf8).withUnsafeBytes { try unsafe write($0, to: descriptor) }
  }

  /// Writes bytes. Blocks until the stream has accepted all of them.
  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt) throws(OutputError) {
    var count = 0
    while count < bytes.count {
      let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[count...])
      let written = unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
      if written >= 0 {
        count += written
      } else if errno == EAGAIN {
        // Another program on the same terminal may have set O_NONBLOCK.
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        unsafe poll(&ready, 1, -1)
      } else if errno != EINTR {
        throw OutputError(descriptor: descriptor, code: errno)
      }
    }
  }
}
