import Glibc
import MulticastDTLS

/// The file of a socket, by its name in an open directory. Source: unix(7).
struct SocketFile: Sendable {
  /// The path, for messages.
  let path: String
  private let directory: OpenDirectory
  private let name: String

  /// A directory, closed with its last reference.
  private final class OpenDirectory: Sendable {
    let descriptor: CInt

    init(_ path: String) throws(SystemError) {
      descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard descriptor >= 0 else { throw SystemError("open", errno) }
    }

    deinit {
      close(descriptor)
    }
  }

  /// The identity of a file.
  struct File: Hashable {
    let device: dev_t
    let inode: ino_t
    let user: uid_t
    let isSocket: Bool
  }

  /// - Throws: ``SystemError`` if the directory cannot be opened.
  init(_ name: String, in directory: String) throws(SystemError) {
    self.name = name
    path = "\(directory)/\(name)"
    self.directory = try OpenDirectory(directory)
  }

  /// The file; nil if there is none. A symbolic link is not followed.
  var file: File? {
    var status = stat()
    guard unsafe fstatat(directory.descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
    return File(
      device: status.st_dev, inode: status.st_ino, user: status.st_uid, isSocket: status.st_mode & S_IFMT == S_IFSOCK)
  }

  /// True if something other than a socket is there.
  var isOther: Bool { file.map { !$0.isSocket } ?? false }

  /// The owner of the directory.
  var directoryUser: uid_t? {
    var status = stat()
    return unsafe fstat(directory.descriptor, &status) == 0 ? status.st_uid : nil
  }

  /// Removes the file.
  func remove() {
    unsafe unlinkat(directory.descriptor, name, 0)
  }

  /// Makes a call with the address. A path that is too long leads through the open directory: proc(5), /proc/self/fd.
  ///
  /// - Returns: The value of errno; 0 if the call succeeds.
  func call(_ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
    let short = "/proc/self/fd/\(directory.descriptor)/\(name)"
    // A relative path that begins with @ would be no path.
    let address = UnixAddress(path.hasPrefix("@") ? "./\(path)" : path) ?? UnixAddress(short)
    return unsafe address?.withAddress { unsafe body($0, $1) == 0 ? 0 : errno } ?? ENAMETOOLONG
  }
}
