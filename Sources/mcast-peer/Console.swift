import Dispatch
import Glibc
import Synchronization

/// A stream that gets whole lines, at once: nothing waits for more, also when it is a pipe or a file.
///
/// It writes on a queue of its own, all that is there in one go. A reader that stalls (a full pipe, a terminal that is held
/// with Ctrl+S) so holds up the task that prints, once some 64 kB wait, and none of the few threads that all tasks share.
final class Console: Sendable {
  static let standardOutput = Console(descriptor: STDOUT_FILENO)
  static let standardError = Console(descriptor: STDERR_FILENO)

  private let descriptor: CInt
  private let queue = DispatchQueue(label: "mcast-peer.console")
  private let pending = Mutex(Pending())

  /// So many bytes may wait before whoever prints does.
  private static let limit = 65_536

  private struct Pending {
    var text: [UInt8] = []
    /// Whether the queue is at it.
    var isWriting = false
    /// Why nothing can be written any more.
    var failure: (any Error)?
    /// Those who wait until all is written.
    var waiting: [CheckedContinuation<Void, any Error>] = []
  }

  /// Takes a descriptor that stays open.
  init(descriptor: CInt) {
    self.descriptor = descriptor
  }

  /// Has a line written, or several that must not be parted.
  ///
  /// - Throws: ``OutputError`` if the stream did not take what was printed before, for instance because a disk is full.
  func print(_ line: String) async throws {
    let isFull = try pending.withLock { pending in
      if let failure = pending.failure { throw failure }
      pending.text += line.utf8
      pending.text.append(UInt8(ascii: "\n"))
      if !pending.isWriting {
        pending.isWriting = true
        queue.async { [self] in writePending() }
      }
      return pending.text.count > Self.limit
    }
    if isFull { try await flush() }
  }

  /// Returns when all that was printed is written.
  ///
  /// - Throws: ``OutputError`` if the stream did not take it.
  func flush() async throws {
    try await withCheckedThrowingContinuation { done in
      let result: Result<Void, any Error>? = pending.withLock { pending in
        if let failure = pending.failure { return .failure(failure) }
        if !pending.isWriting { return .success(()) }
        pending.waiting.append(done)
        return nil
      }
      if let result { done.resume(with: result) }
    }
  }

  private func writePending() {
    while true {
      let text = pending.withLock { pending in
        defer { pending.text = [] }
        return pending.text
      }
      let written = Result { try unsafe text.withUnsafeBytes { try unsafe Self.write($0, to: descriptor) } }
      let waiting: [CheckedContinuation<Void, any Error>]? = pending.withLock { pending in
        if case .failure(let error) = written { pending.failure = error }
        guard pending.failure != nil || pending.text.isEmpty else { return nil }
        pending.isWriting = false
        defer { pending.waiting = [] }
        return pending.waiting
      }
      guard let waiting else { continue }
      for done in waiting { done.resume(with: written) }
      return
    }
  }

  /// Writes a text, and returns when the stream has taken it.
  static func write(_ text: String, to descriptor: CInt) throws {
    try unsafe Array(text.utf8).withUnsafeBytes { try unsafe write($0, to: descriptor) }
  }

  /// Writes bytes, and returns when the stream has taken them.
  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt) throws {
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
        throw OutputError(
          description:
            "cannot write to standard \(descriptor == STDERR_FILENO ? "error" : "output"): \(unsafe String(cString: strerror(errno)))"
        )
      }
    }
  }
}
