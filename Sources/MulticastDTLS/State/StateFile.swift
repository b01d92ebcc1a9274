import Glibc
import SystemPackage

/// The file that holds the state of one member, locked as long as this object lives.
///
/// The lock is on a separate file that is never replaced, since a lock on a replaced file protects nothing.
final class StateFile: Sendable {
  /// The path of the state.
  let path: String
  /// The creation time of the lock, which the first start with this secret made; nil if the file system does not record it.
  let birth: FileBirth?

  /// The key ID and the member, as written in the state.
  private let owner: String
  private let lock: Descriptor
  private let known: KnownFile

  /// A state as found on disk.
  struct Found {
    let state: MemberState
    /// True if the file is a copy of the one that was written.
    let isCopy: Bool
    /// True if an earlier version wrote it, which could not detect copies.
    let isFormer: Bool
  }

  /// Creates the directory if there is none, and takes the lock.
  ///
  /// - Throws: ``StateError`` if another process holds the lock, or it cannot be created.
  init(in directory: StateDirectory, keyID: KeyID, member: MemberID) throws(StateError) {
    let path = Self.path(in: directory, keyID, member)
    self.path = path
    known = KnownFile(path: path)
    owner = Self.owner(keyID, member)
    try directory.makeSafely()
    let lock = try Self.openLock("\(path).lock")
    // flock(2): the kernel drops the lock when the process ends in any way.
    guard flock(lock.rawValue, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      guard code == EWOULDBLOCK else {
        throw .unusable("cannot lock \(path).lock: \(Errno(rawValue: code))")
      }
      let holder = Self.holder(lock).map { "process \($0)" } ?? "another process"
      throw .inUse(
        "member \(member) with key ID \(keyID) runs on this machine already (\(holder) holds \(path).lock): give this one "
          + "another member ID, or stop the other")
    }
    // The process ID is for people only: the lock does not depend on it.
    let text = Array("\(getpid())\n".utf8)
    _ = ftruncate(lock.rawValue, 0)
    _ = unsafe text.withUnsafeBytes { unsafe pwrite(lock.rawValue, $0.baseAddress, $0.count, 0) }
    birth = FileBirth(of: lock.rawValue)
    self.lock = lock
  }

  deinit {
    // Closing the descriptor is not enough: a forked child of this process shares the lock until it calls exec.
    flock(lock.rawValue, LOCK_UN)
  }

  /// Reads the state; nil if there is none yet.
  ///
  /// - Throws: ``StateError`` if it cannot be read, or is damaged.
  func read() throws(StateError) -> Found? {
    known.remember()
    return try Self.read(path, owner)
  }

  /// Reads the state of a member without the lock.
  static func read(in directory: StateDirectory, keyID: KeyID, member: MemberID) throws(StateError) -> Found? {
    try read(path(in: directory, keyID, member), owner(keyID, member))
  }

  /// Marks the known file as a copy, if it still has a name.
  func outdate() { known.outdate() }

  private static func path(in directory: StateDirectory, _ keyID: KeyID, _ member: MemberID) -> String {
    "\(directory.path)/\(keyID)-\(member)"
  }

  private static func owner(_ keyID: KeyID, _ member: MemberID) -> String { "\(keyID) \(member)" }

  private static func read(_ path: String, _ owner: String) throws(StateError) -> Found? {
    do {
      guard let content = try SealedFile(path: path).read() else { return nil }
      let isFormer = MemberState.isFormer(content.lines)
      // Earlier versions wrote no birth.
      return Found(
        state: try MemberState(content.lines, for: owner), isCopy: content.isCopy && !isFormer, isFormer: isFormer)
    } catch let error as SealedText.Corrupt {
      throw .damaged(
        "the state file \(path) is damaged (\(error))")
    } catch let error as StateError {
      throw error
    } catch {
      throw .unusable("cannot read the state file \(path): \(error)")
    }
  }

  /// Replaces a damaged state, and keeps it under another name for a person to examine. The path always names a file.
  ///
  /// - Throws: ``StateError`` if the new state cannot be written; then the damaged one is still there.
  func replaceDamaged(by state: MemberState) throws(StateError) {
    unsafe unlink("\(path).damaged")
    _ = unsafe link(path, "\(path).damaged")
    try write(state)
  }

  /// Replaces the state, and returns once it would survive a loss of power.
  ///
  /// - Parameter isCopy: True if the state must still count as a copy.
  /// - Throws: ``StateError`` if it cannot be written; then either the former state or this one is there, and whole.
  func write(_ state: MemberState, isCopy: Bool = false) throws(StateError) {
    do {
      try SealedFile(path: path).write(state.lines(for: owner), isCopy: isCopy)
      known.outdate()
      known.remember()
    } catch Errno.fileExists {
      throw .unusable(
        "cannot write the state file \(path): \(SealedFile(path: path).draft) is in the way, and cannot be removed by this "
          + "user: remove it, and use a directory in which nobody else can make files")
    } catch {
      throw .unusable("cannot write the state file \(path): \(error)")
    }
  }

  /// The condition of the files while the member runs.
  enum Place {
    /// State and lock are where they were made.
    case kept
    /// The lock is there, but the path no longer names the known state.
    case stateLost
    /// Somebody removed or replaced the lock file: the lock no longer excludes other processes.
    case lockLost
  }

  /// The condition of the files now.
  var place: Place {
    guard FileIdentity(of: lock.rawValue) == FileIdentity(ofPath: "\(path).lock") else { return .lockLost }
    return isStateKept ? .kept : .stateLost
  }

  /// The error for a lost lock.
  static func lockLost(_ path: String) -> StateError {
    .unusable("the lock \(path).lock was removed, so that another process may use the state: start this one again")
  }

  /// True if the path names the state that this process knows.
  var isStateKept: Bool { known.isKept }

  private static func openLock(_ path: String) throws(StateError) -> Descriptor {
    do {
      guard let file = try StateDirectory.open(path, .readWrite, isMade: true) else {
        throw Errno.noSuchFileOrDirectory
      }
      return try Descriptor("open", file.rawValue)
    } catch let error as StateError {
      throw error
    } catch {
      throw .unusable("cannot make the state file \(path): \(error)")
    }
  }

  /// The process that has written its ID into the lock file.
  private static func holder(_ lock: borrowing Descriptor) -> Int32? {
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = unsafe pread(lock.rawValue, &bytes, bytes.count, 0)
    return count > 0 ? Int32(decimal: String(decoding: bytes.prefix(count - 1), as: UTF8.self)) : nil
  }
}
