import Glibc
import SystemPackage

extension StateDirectory {
  /// Whether a node's state can be kept there: writes a file and removes it where the directory exists, and otherwise makes
  /// and removes a directory beside where it would be. Nothing is left behind.
  ///
  /// - Returns: Whether the directory exists.
  /// - Throws: ``StateError`` that says why it cannot.
  package func probe() throws(StateError) -> Bool {
    var status = stat()
    if unsafe stat(path, &status) == 0 {
      do {
        let name = DurableFile.draftName("\(path)/probe")
        defer { unsafe unlink(name) }
        try unsafe [0 as UInt8].withUnsafeBytes { try unsafe DurableFile.write($0, to: name) }
        return true
      } catch {
        throw failure(error)
      }
    }
    guard errno == ENOENT else { throw failure(Errno(rawValue: errno)) }
    var parent = FilePath(path).removingLastComponent()
    while unsafe stat(parent.isEmpty ? "." : parent.string, &status) != 0 {
      guard errno == ENOENT, !parent.isEmpty else { throw failure(Errno(rawValue: errno)) }
      parent = parent.removingLastComponent()
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw failure(Errno.notDirectory) }
    // Root is told that it may write where nobody can.
    let name = DurableFile.draftName("\(parent.isEmpty ? "." : parent.string)/.probe")
    guard unsafe mkdir(name, 0o700) == 0 else { throw failure(Errno(rawValue: errno)) }
    unsafe rmdir(name)
    return false
  }

  private func failure(_ error: any Error) -> StateError {
    .unusable("nothing can be written in the state directory \(path): \(error)")
  }
}
