import Glibc
import SystemPackage

extension StateDirectory {
  /// Runs the body while no other process writes in the directory. Not reentrant.
  ///
  /// The lock is on the directory itself, since the lock file of a member's state can be removed while the member runs.
  ///
  /// - Throws: ``StateError`` if the directory cannot be opened, or other processes hold the lock for 30 s.
  func exclusively<Value>(_ body: () throws(StateError) -> Value) throws(StateError) -> Value {
    let directory = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else {
      throw .unusable("cannot open the state directory \(path): \(Errno(rawValue: errno))")
    }
    defer { close(directory) }
    let end = ContinuousClock.now + .seconds(30)
    while flock(directory, LOCK_EX | LOCK_NB) != 0 {
      // Some file systems, such as NFS, cannot lock a directory: concurrent writers do not see each other there.
      guard errno == EWOULDBLOCK || errno == EINTR else { break }
      guard ContinuousClock.now < end else {
        throw .unusable("the state directory \(path) could not be locked for 30 s, since other processes hold it")
      }
      usleep(5000)
    }
    // Closing the descriptor is not enough: see StateFile.
    defer { flock(directory, LOCK_UN) }
    return try body()
  }
}
