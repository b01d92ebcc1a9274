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
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written >= 0 {
        rest = rest.dropFirst(written)
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
