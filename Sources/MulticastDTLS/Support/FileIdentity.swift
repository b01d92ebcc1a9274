import Glibc

/// The device and inode number of a file, which tell it from another file of the same name. Source: inode(7).
package struct FileIdentity: Hashable, Sendable {
  private let device: dev_t
  private let number: ino_t

  /// The identity of an open file; nil if fstat(2) fails.
  package init?(of descriptor: CInt) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return nil }
    (device, number) = (status.st_dev, status.st_ino)
  }

  /// The identity of the file with this name, or of the symbolic link itself; nil if there is none.
  package init?(ofPath path: String) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return nil }
    (device, number) = (status.st_dev, status.st_ino)
  }
}
