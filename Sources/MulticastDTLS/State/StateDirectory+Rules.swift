import Glibc
import SystemPackage

/// The rules of ``PathRules`` for the state directory, its locks and its states.
extension StateDirectory {
  /// Makes the directory if there is none.
  ///
  /// - Throws: ``StateError`` if it cannot be made, or another user could change or replace it.
  func makeSafely() throws(StateError) {
    // Nothing is made where another user could exchange it.
    try check(isComplete: false)
    do {
      try DurableFile.makeDirectory(FilePath(path))
    } catch {
      throw .unusable("cannot make the state directory \(path): \(error)")
    }
    try check(isComplete: true)
  }

  /// Refuses a directory that another user could change or replace.
  ///
  /// - Parameter isComplete: Whether it must exist; otherwise what exists of the way to it is looked at.
  func check(isComplete: Bool) throws(StateError) {
    let rules = PathRules("the state directory \(path)")
    if let violation = rules.violations(onWayTo: path, isComplete: isComplete).first {
      throw .unusable("\(violation)")
    }
  }

  /// Opens a file of a state directory, which must be one of this user's or root's that nobody else can write.
  ///
  /// What is judged is the file that was opened, and a symbolic link is not followed: it cannot be exchanged in between.
  ///
  /// - Parameter isMade: Whether the file is made if there is none.
  /// - Returns: Nil if there is none, and it is not made.
  /// - Throws: ``StateError`` if it is another user's, others can write it, or it cannot be opened.
  static func open(
    _ path: String, _ mode: FileDescriptor.AccessMode, isMade: Bool = false
  ) throws(StateError) -> FileDescriptor? {
    let options: FileDescriptor.OpenOptions = [.closeOnExec, .nonBlocking, .noFollow]
    do {
      // Opened before it is made: in a sticky directory, open(2) with O_CREAT refuses other users' files without a word on
      // their owner (proc_sys_fs(5), protected_regular).
      let file = unsafe try FileDescriptor.open(path, mode, options: options)
      return try checked(file, path)
    } catch let error as StateError {
      throw error
    } catch Errno.noSuchFileOrDirectory where !isMade {
      return nil
    } catch Errno.notDirectory where !isMade {
      return nil
    } catch Errno.noSuchFileOrDirectory {
      return try make(path, mode, options)
    } catch {
      throw reason(error, path)
    }
  }

  private static func make(
    _ path: String, _ mode: FileDescriptor.AccessMode, _ options: FileDescriptor.OpenOptions
  ) throws(StateError) -> FileDescriptor? {
    do {
      return unsafe try FileDescriptor.open(
        path, mode, options: options.union([.create, .exclusiveCreate]), permissions: [.ownerReadWrite])
    } catch Errno.fileExists {
      // Another process was faster.
      return try open(path, mode)
    } catch {
      throw .unusable("cannot make the state file \(path): \(error)")
    }
  }

  private static func checked(_ file: FileDescriptor, _ path: String) throws(StateError) -> FileDescriptor {
    var status = stat()
    let code = unsafe fstat(file.rawValue, &status) == 0 ? 0 : errno
    guard let error = code == 0 ? violation(of: status, at: path) : reason(Errno(rawValue: code), path) else {
      return file
    }
    try? file.close()
    throw error
  }

  /// Why a file cannot be opened: its kind, its owner or its mode, if that is why.
  static func reason(_ error: any Error, _ path: String) -> StateError {
    var status = stat()
    if unsafe lstat(path, &status) == 0 {
      if let violation = violation(of: status, at: path) { return violation }
      if error as? Errno == .permissionDenied, status.st_uid != geteuid() {
        return .unusable(
          "the state file \(path) belongs to uid \(status.st_uid), as after a start by sudo: "
            + "sudo chown \(geteuid()) \(shellPath(path))")
      }
    }
    return .unusable("cannot open the state file \(path): \(error)")
  }

  /// Looks for a fault of a file of the directory.
  static func violation(of status: stat, at path: String) -> StateError? {
    PathRules("the state file \(path)").violations(of: status, at: path).first.map {
      .unusable("\($0)")
    }
  }
}
