import Glibc
import SystemPackage

/// Writes files that are whole or absent, even after a crash or a loss of power. Source: fsync(2), rename(2).
enum DurableFile {
  /// Creates a directory and its missing parents, for their owner only, as the XDG Base Directory Specification says.
  ///
  /// - Throws: `Errno` if it cannot be created. An existing directory is no error.
  static func makeDirectory(_ path: FilePath) throws {
    let parent = path.removingLastComponent()
    if unsafe mkdir(path.string, 0o700) != 0 {
      switch errno {
      case EEXIST: return
      case ENOENT where !path.isEmpty:
        try makeDirectory(parent)
        guard unsafe mkdir(path.string, 0o700) == 0 || errno == EEXIST else { throw Errno(rawValue: errno) }
      case let other: throw Errno(rawValue: other)
      }
    }
    try syncDirectory(parent.isEmpty ? "." : parent)
  }

  /// The name of a draft beside a file, which replaces the file once it is whole.
  static func draftName(_ path: String) -> String {
    "\(path).\(UInt64.random(in: .min ... .max))"
  }

  /// Writes a new file that only its owner can use, and syncs it.
  ///
  /// - Parameter former: The file whose mode and owner it gets; without one, 0600 and ours.
  /// - Throws: `Errno` if the file exists already, or cannot be written.
  static func write(_ bytes: UnsafeRawBufferPointer, to path: String, like former: stat? = nil) throws {
    try write(to: path, like: former) { file in _ = unsafe try file.writeAll(bytes) }
  }

  /// As above, for content that depends on the file.
  static func write(to path: String, like former: stat? = nil, content: (FileDescriptor) throws -> Void) throws {
    let file = unsafe try FileDescriptor.open(
      path,
      .writeOnly,
      options: [.create, .exclusiveCreate, .closeOnExec],
      permissions: [.ownerReadWrite]
    )
    try file.closeAfter {
      try content(file)
      if let former {
        // A user other than root may be unable to set the group, but its file gives the group no rights.
        _ = fchown(file.rawValue, uid_t.max, former.st_gid)
        guard former.st_uid == geteuid() || fchown(file.rawValue, former.st_uid, gid_t.max) == 0 else {
          throw Errno(rawValue: errno)
        }
      }
      // fchmod, since the umask may have reduced the mode.
      let mode = former.map { $0.st_mode & 0o7777 } ?? 0o600
      guard fchmod(file.rawValue, mode) == 0, fsync(file.rawValue) == 0 else { throw Errno(rawValue: errno) }
    }
  }

  /// Makes the names in a directory durable. Some file systems lack the call: they do so by themselves, or not at all.
  ///
  /// - Throws: `Errno` if it fails.
  static func syncDirectory(_ path: FilePath) throws {
    let directory = try FileDescriptor.open(path, .readOnly, options: [.directory, .closeOnExec])
    try directory.closeAfter {
      guard fsync(directory.rawValue) == 0 || errno == EINVAL || errno == ENOTSUP else { throw Errno(rawValue: errno) }
    }
  }
}
