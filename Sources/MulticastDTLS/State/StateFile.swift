import Glibc
import SystemPackage

/// The file that holds one node's state, locked as long as this object lives.
///
/// The lock is on a file beside it that stays, since a lock on a file that is replaced protects nothing.
final class StateFile: Sendable {
  /// The state's own path.
  let path: String

  /// The key ID and the member, as the state names them.
  private let node: String
  private let lock: Descriptor
  private let known: KnownFile

  /// A state as it was found.
  struct Found {
    let state: NodeState
    /// True if its file is a copy of the one that was written.
    let isCopy: Bool
    /// True if a former version wrote it, which could tell no copy.
    let isFormer: Bool
  }

  /// Makes the directory if there is none, and takes the lock.
  ///
  /// - Throws: ``StateError`` if the lock is taken or cannot be made.
  init(in directory: StateDirectory, keyID: KeyID, member: MemberID) throws(StateError) {
    let path = Self.path(in: directory, keyID, member)
    self.path = path
    known = KnownFile(path: path)
    node = Self.node(keyID, member)
    try directory.makeSafely()
    let lock = try Self.openLock("\(path).lock")
    // flock(2): the kernel drops the lock with the process, however that ends.
    guard flock(lock.rawValue, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      guard code == EWOULDBLOCK else {
        throw .unusable("cannot lock \(path).lock: \(Errno(rawValue: code))")
      }
      let holder = Self.holder(lock).map { "process \($0)" } ?? "another process"
      throw .inUse(
        "node \(member) with key ID \(keyID) runs on this machine already (\(holder) holds \(path).lock): give this one "
          + "another node ID, or stop the other")
    }
    // For people: who holds it. The lock itself does not depend on it.
    let text = Array("\(getpid())\n".utf8)
    _ = ftruncate(lock.rawValue, 0)
    _ = unsafe text.withUnsafeBytes { unsafe pwrite(lock.rawValue, $0.baseAddress, $0.count, 0) }
    self.lock = lock
  }

  deinit {
    // To close it is not enough: a child that this process is starting has it, too, until it is another program.
    flock(lock.rawValue, LOCK_UN)
  }

  /// Reads the state; nil if there is none yet.
  ///
  /// - Throws: ``StateError`` if it cannot be read, or is not what was written.
  func read() throws(StateError) -> Found? {
    known.remember()
    return try Self.read(path, node)
  }

  /// The same without the lock, for what is known of a node's past.
  static func read(in directory: StateDirectory, keyID: KeyID, member: MemberID) throws(StateError) -> Found? {
    try read(path(in: directory, keyID, member), node(keyID, member))
  }

  /// Makes the file that this process knows count as a copy, if it still has a name.
  func outdate() { known.outdate() }

  private static func path(in directory: StateDirectory, _ keyID: KeyID, _ member: MemberID) -> String {
    "\(directory.path)/\(keyID)-\(member)"
  }

  private static func node(_ keyID: KeyID, _ member: MemberID) -> String { "\(keyID) \(member)" }

  private static func read(_ path: String, _ node: String) throws(StateError) -> Found? {
    do {
      guard let content = try SealedFile(path: path).read() else { return nil }
      let isFormer = NodeState.isFormer(content.lines)
      // Former versions wrote no birth.
      return Found(
        state: try NodeState(content.lines, for: node), isCopy: content.isCopy && !isFormer, isFormer: isFormer)
    } catch let error as SealedText.Corrupt {
      throw .damaged(
        "the state file \(path) is damaged (\(error))")
    } catch let error as StateError {
      throw error
    } catch {
      throw .unusable("cannot read the state file \(path): \(error)")
    }
  }

  /// Replaces a damaged state, and keeps it under another name for a person to look at. At no moment there is none.
  ///
  /// - Throws: ``StateError`` if the new one cannot be written; then the damaged one is still there.
  func replaceDamaged(by state: NodeState) throws(StateError) {
    unsafe unlink("\(path).damaged")
    _ = unsafe link(path, "\(path).damaged")
    try write(state)
  }

  /// Replaces the state, and returns once it would survive a loss of power.
  ///
  /// - Parameter isCopy: True if the state goes on to count as a copy.
  /// - Throws: ``StateError`` if it cannot be written; then the former state is there, or this one, and whole.
  func write(_ state: NodeState, isCopy: Bool = false) throws(StateError) {
    do {
      try SealedFile(path: path).write(state.lines(for: node), isCopy: isCopy)
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

  /// The fate of the files while the node runs.
  enum Place {
    /// They are where they were made.
    case kept
    /// The lock is there, and the state that this process knows is not.
    case stateLost
    /// The lock was removed or replaced: it keeps nobody away.
    case lockLost
  }

  /// Looks for the files.
  var place: Place {
    guard FileIdentity(of: lock.rawValue) == FileIdentity(ofPath: "\(path).lock") else { return .lockLost }
    return isStateKept ? .kept : .stateLost
  }

  /// The error of who has lost the lock of a state.
  static func lockLost(_ path: String) -> StateError {
    .unusable("the lock \(path).lock was removed, so that another process may use the state: start the node again")
  }

  /// True if the state is the one that this process knows.
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

  /// The process that has written its number into the lock.
  private static func holder(_ lock: borrowing Descriptor) -> Int32? {
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = unsafe pread(lock.rawValue, &bytes, bytes.count, 0)
    return count > 0 ? Int32(decimal: String(decoding: bytes.prefix(count - 1), as: UTF8.self)) : nil
  }
}
