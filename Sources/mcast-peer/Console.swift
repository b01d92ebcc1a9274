import Dispatch
import Glibc

/// A stream that gets whole lines, each at once: nothing waits in a buffer, also when it is a pipe or a file.
///
/// It writes on a queue of its own. A reader that stalls (a full pipe, a terminal that is held with Ctrl+S) so holds up
/// the task that prints, and none of the few threads that all tasks share.
struct Console: Sendable {
  static let standardOutput = Console(descriptor: STDOUT_FILENO)
  static let standardError = Console(descriptor: STDERR_FILENO)

  private let descriptor: CInt
  private let queue = DispatchQueue(label: "mcast-peer.console")

  /// Takes a descriptor that stays open.
  init(descriptor: CInt) {
    self.descriptor = descriptor
  }

  /// Writes a line, or several that must not be parted, and returns when the stream has taken them.
  ///
  /// - Throws: ``OutputError`` if the stream does not take them, for instance because a disk is full.
  func print(_ line: String) async throws {
    try await withCheckedThrowingContinuation { done in
      queue.async {
        done.resume(with: Result { try Self.write("\(line)\n", to: descriptor) })
      }
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
