import Glibc
import SystemPackage

extension StateDirectory {
  /// Checks that a member's state can be kept here. If the directory exists, writes a file and removes it. Otherwise
  /// creates and removes a directory in its nearest existing parent. Leaves nothing behind.
  ///
  /// - Returns: True if the directory exists.
  /// - Throws: ``StateError`` with the reason why it cannot, or that another user could change or replace its files.
  package func probe() throws(StateError) -> Bool {
    try check(isComplete: false)
    var status = stat()
    if unsafe stat(path, &status) == 0 {
      try checkStates()
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
    // A real mkdir, since access(2) tells root that it may write even where nobody can.
    let name = DurableFile.draftName("\(parent.isEmpty ? "." : parent.string)/.probe")
    guard unsafe mkdir(name, 0o700) == 0 else { throw failure(Errno(rawValue: errno)) }
    unsafe rmdir(name)
    return false
  }

  /// Refuses states and locks that a member would refuse.
  private func checkStates() throws(StateError) {
    guard let list = unsafe opendir(path) else { return }
    defer { unsafe closedir(list) }
    var status = stat()
    while let entry = unsafe readdir(list) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
      }
      // The key ID, a dash, the member; and the lock of the state.
      guard name.wholeMatch(of: /[0-9a-f]{4}-[0-9a-f]{4}-[0-9]{1,3}(\.lock)?/) != nil else { continue }
      let file = "\(path)/\(name)"
      guard unsafe lstat(file, &status) == 0 else { continue }
      if let violation = Self.violation(of: status, at: file) { throw violation }
      guard unsafe status.st_uid == geteuid() || faccessat(AT_FDCWD, file, W_OK, AT_EACCESS) == 0 else {
        throw Self.reason(Errno.permissionDenied, file)
      }
    }
  }

  private func failure(_ error: any Error) -> StateError {
    .unusable("nothing can be written in the state directory \(path): \(error)")
  }
}
