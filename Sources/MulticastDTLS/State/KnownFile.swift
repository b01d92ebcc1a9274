import Glibc
import Synchronization

/// The identity of a file at this process's last read or write. The descriptor stays open, so that no other file can
/// get the same inode number.
final class KnownFile: Sendable {
  let path: String
  /// -1 if the file did not exist.
  private let descriptor = Mutex<CInt>(-1)

  /// Stores the path, without opening the file.
  init(path: String) {
    self.path = path
  }

  deinit {
    descriptor.withLock { if $0 >= 0 { _ = close($0) } }
  }

  /// Opens the file that the path names now, and takes it as the known one.
  func remember() {
    let file = Self.open(path)
    descriptor.withLock { descriptor in
      if descriptor >= 0 { _ = close(descriptor) }
      descriptor = file
    }
  }

  /// True if the path still names the known file, or still names none.
  var isKept: Bool {
    descriptor.withLock { $0 < 0 ? nil : FileIdentity(of: $0) } == FileIdentity(ofPath: path)
  }

  /// Marks the known file as a copy if it still has a name, since another file has taken its place.
  func outdate() {
    descriptor.withLock { if $0 >= 0 { SealedFile.makeCopy($0) } }
  }

  /// Opens a file for reading and, if permitted, writing; -1 if there is none.
  static func open(_ path: String) -> CInt {
    let flags = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
    let file = unsafe Glibc.open(path, O_RDWR | flags)
    guard file < 0, errno != ENOENT else { return file }
    let reading = unsafe Glibc.open(path, O_RDONLY | flags)
    // Our own file, made read-only by somebody.
    guard reading >= 0, fchmod(reading, 0o600) == 0 else { return reading }
    let writing = unsafe Glibc.open(path, O_RDWR | flags)
    guard writing >= 0 else { return reading }
    close(reading)
    return writing
  }
}
