import Glibc
import SystemPackage

/// Notices changes of a file, by a look at it now and then.
///
/// 1. A look takes the identity, the size and the times of the file that the path leads to now, symbolic links followed.
/// 2. A difference counts once two looks in a row agree, so that a writer who needs a moment is not interrupted.
///
/// A look costs some microseconds. inotify(7) would be told at once, but not of all changes: it sees none of another
/// directory that a link leads to, of a file that was mounted over the path, or on a network file system, and so it needs
/// such looks beside it.
struct FileChanges {
  /// The state of a file; all zero if there is none.
  struct Look: Equatable {
    var device: UInt = 0
    var inode: UInt = 0
    var size: Int64 = 0
    /// The times of the last change of the content, and of the inode: seconds and nanoseconds.
    var times: [Int] = []
  }

  private let read: @Sendable () -> Look
  /// The state that was acted on.
  private var known: Look
  private var last: Look

  /// Remembers the present state.
  init(of path: FilePath) {
    self.init { Self.look(at: path) }
  }

  init(_ read: @escaping @Sendable () -> Look) {
    self.read = read
    known = read()
    last = known
  }

  /// Takes the present state as acted on.
  mutating func remember() {
    known = read()
    last = known
  }

  /// Looks at the file.
  ///
  /// - Returns: True if it has changed since the last time that this was true, and not since the last look.
  mutating func look() -> Bool {
    let now = read()
    defer { last = now }
    guard now == last, now != known else { return false }
    known = now
    return true
  }

  /// Source: stat(2).
  private static func look(at path: FilePath) -> Look {
    var status = stat()
    guard unsafe stat(path.string, &status) == 0 else { return Look() }
    return Look(
      device: status.st_dev, inode: status.st_ino, size: Int64(status.st_size),
      times: [status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec])
  }
}
