internal import CommonSupport
import Glibc
import SystemPackage

/// Applies ``PathRules`` to the state directory, its lock files and its states.
extension StateDirectory {
  /// Creates the directory if there is none.
  ///
  /// - Throws: ``StateError`` if it cannot be created, or another user could change or replace it.
  func makeSafely() throws(StateError) {
    // First, so that nothing is created where another user could replace it.
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
  /// - Parameter isComplete: True if the directory must exist; false to check the part of its path that exists.
  /// - Throws: ``StateError`` if another user could change or replace it, or it must exist and does not.
  func check(isComplete: Bool) throws(StateError) {
    let rules = PathRules("the state directory \(path)")
    if let violation = rules.violations(onWayTo: path, isComplete: isComplete).first {
      throw .unusable("\(violation)")
    }
  }

  /// Opens a file of a state directory, which must belong to this user or root and be writable by nobody else.
  ///
  /// The checks apply to the opened file, and a symbolic link is not followed, so nobody can exchange it in between.
  ///
  /// - Parameter isMade: True to create the file if there is none.
  /// - Returns: Nil if there is no file and none is created.
  /// - Throws: ``StateError`` if another user owns it, others can write it, or it cannot be opened.
  static func open(
    _ path: String, _ mode: FileDescriptor.AccessMode, isMade: Bool = false
  ) throws(StateError) -> FileDescriptor? {
    let options: FileDescriptor.OpenOptions = [.closeOnExec, .nonBlocking, .noFollow]
    do {
      // Opened before it is created: in a sticky directory, open(2) with O_CREAT refuses the files of other users with
      // an error that does not name the owner (proc_sys_fs(5), protected_regular).
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
      // Another process has created it in between.
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

  /// The reason that a file cannot be opened: its kind, owner or mode if that explains it, else the error itself.
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

  /// The first rule that a file of the directory violates; nil if none.
  static func violation(of status: stat, at path: String) -> StateError? {
    PathRules("the state file \(path)").violations(of: status, at: path).first.map {
      .unusable("\($0)")
    }
  }
}
