import Glibc
import Synchronization

/// A file as this process knows it, from its last reading or writing. It is kept open, so that no other gets its number.
final class KnownFile: Sendable {
  let path: String
  /// -1 if there was none.
  private let descriptor = Mutex<CInt>(-1)

  /// Names a file; nothing is looked at yet.
  init(path: String) {
    self.path = path
  }

  deinit {
    descriptor.withLock { if $0 >= 0 { _ = close($0) } }
  }

  /// Takes the file that there is now for the known one.
  func remember() {
    let file = Self.open(path)
    descriptor.withLock { descriptor in
      if descriptor >= 0 { _ = close(descriptor) }
      descriptor = file
    }
  }

  /// True if the path still leads to the file, or to none if there was none.
  var isKept: Bool {
    descriptor.withLock { $0 < 0 ? nil : FileIdentity(of: $0) } == FileIdentity(ofPath: path)
  }

  /// Makes the file count as a copy, if it still has a name: another has come in its place.
  func outdate() {
    descriptor.withLock { if $0 >= 0 { SealedFile.makeCopy($0) } }
  }

  /// Opens a file to be read and, if that can be, written; -1 if there is none.
  static func open(_ path: String) -> CInt {
    let flags = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
    let file = unsafe Glibc.open(path, O_RDWR | flags)
    guard file < 0, errno != ENOENT else { return file }
    let reading = unsafe Glibc.open(path, O_RDONLY | flags)
    // One of our own that was made read-only.
    guard reading >= 0, fchmod(reading, 0o600) == 0 else { return reading }
    let writing = unsafe Glibc.open(path, O_RDWR | flags)
    guard writing >= 0 else { return reading }
    close(reading)
    return writing
  }
}
