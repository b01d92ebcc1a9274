import Glibc
import SystemPackage

extension StateDirectory {
  /// Does something while no other process writes in the directory. It may not be called within itself.
  ///
  /// The lock is on the directory itself, since the lock of a node's state can be removed while the node runs.
  ///
  /// - Throws: ``StateError`` if the directory cannot be opened, or other processes hold it for 30 s.
  func exclusively<Value>(_ body: () throws(StateError) -> Value) throws(StateError) -> Value {
    let directory = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else {
      throw .unusable("cannot open the state directory \(path): \(Errno(rawValue: errno))")
    }
    defer { close(directory) }
    let end = ContinuousClock.now + .seconds(30)
    while flock(directory, LOCK_EX | LOCK_NB) != 0 {
      // On NFS, say, a directory cannot be locked: two that write at once do not see each other.
      guard errno == EWOULDBLOCK || errno == EINTR else { break }
      guard ContinuousClock.now < end else {
        throw .unusable("the state directory \(path) could not be locked for 30 s, since other processes hold it")
      }
      usleep(5000)
    }
    // To close it is not enough: see StateFile.
    defer { flock(directory, LOCK_UN) }
    return try body()
  }
}
