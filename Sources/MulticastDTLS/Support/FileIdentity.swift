import Glibc

/// The device and number of a file, by which it is told from another one of the same name. Source: inode(7).
struct FileIdentity: Hashable, Sendable {
  private let device: dev_t
  private let number: ino_t

  /// Asks for the identity of an open file; nil if it cannot be had.
  init?(of descriptor: CInt) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return nil }
    (device, number) = (status.st_dev, status.st_ino)
  }

  /// Asks for the identity of the file that has a name now, of a symbolic link its own; nil if there is none.
  init?(ofPath path: String) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return nil }
    (device, number) = (status.st_dev, status.st_ino)
  }
}
