internal import CommonSupport
import Glibc

/// The rules that keep other users from changing or replacing a file or a directory of this process.
///
/// 1. Each directory of the path, from `/` on, belongs to this user or root.
/// 2. Nobody else can write such a directory, unless it is sticky, as `/tmp` is: there only the owner of an entry can
///    replace it.
/// 3. Symbolic links are followed step by step, and the directories of their targets count too. In a sticky directory
///    that others can write, a link itself must belong to this user or root.
///
/// The walk starts at the top. Nobody else can change a directory that has passed, so an entry checked after it stays
/// the same: no check is made on a file that another user can replace before it is used. Source: inode(7),
/// path_resolution(7), symlink(7).
struct PathRules {
  /// A violated rule, with the path, its owner or mode, and the command that corrects it.
  struct Violation: Error, Hashable, CustomStringConvertible {
    let description: String
  }

  /// The name of the protected file, for errors: "the secret file /a/b".
  let subject: String
  let users: TrustedUsers

  init(_ subject: String, users: TrustedUsers = .current) {
    (self.subject, self.users) = (subject, users)
  }

  /// Checks the directories of a path, and the path itself if it is a directory.
  ///
  /// - Parameter isComplete: True if the path must exist; false to check the part of it that exists.
  func violations(onWayTo path: String, isComplete: Bool) -> [Violation] {
    walk(path, isComplete: isComplete).uniqued()
  }

  private func walk(_ path: String, isComplete: Bool) -> [Violation] {
    var violations: [Violation] = []
    guard let start = Self.absolute(path) else { return [unseen(path, errno)] }
    // The names still to walk, the next one last; then the directory reached.
    var names = Self.names(of: start)
    var (here, status, links) = ("/", stat(), 0)
    guard unsafe lstat(here, &status) == 0 else { return [unseen(here, errno)] }
    violations += directory(here, status)
    while let name = names.popLast() {
      if name == ".." {
        here = Self.parent(of: here)
        guard unsafe lstat(here, &status) == 0 else { return violations + [unseen(here, errno)] }
        continue
      }
      let (parent, entry) = (status, here == "/" ? "/\(name)" : "\(here)/\(name)")
      guard unsafe lstat(entry, &status) == 0 else {
        let isMissing = errno == ENOENT && !isComplete
        return violations + (isMissing ? [] : [unseen(entry, errno)])
      }
      switch status.st_mode & S_IFMT {
      case S_IFLNK:
        if Self.isWritableByOthers(parent) { violations += link(entry, status, in: here) }
        links += 1
        guard links <= Self.linkLimit else { return violations + [unseen(entry, ELOOP)] }
        guard let target = Self.target(of: entry) else { return violations + [unseen(entry, errno)] }
        names += Self.names(of: target)
        if target.hasPrefix("/") {
          here = "/"
        }
        guard unsafe lstat(here, &status) == 0 else { return violations + [unseen(here, errno)] }
      case S_IFDIR:
        violations += directory(entry, status)
        here = entry
      default:
        // A file ends the path. If the path continues after it, opening it fails anyway.
        return violations
      }
    }
    return violations
  }

  /// Checks an open file that this process keeps for itself: its kind, its owner, and write access of others.
  func violations(of file: stat, at path: String) -> [Violation] {
    if file.st_mode & S_IFMT != S_IFREG {
      return [Violation(description: "\(subject) is not a regular file: remove it, so that one can be made")]
    }
    if !users.include(ownerOf: file) {
      return [
        Violation(
          description: "\(subject) belongs to another user (uid \(file.st_uid)), who can change it: "
            + "use a directory of your own, or, if you trust what is in it, sudo chown \(users.own) \(shellPath(path))")
      ]
    }
    if file.st_mode & 0o022 != 0 {
      return [
        Violation(
          description: "others may change \(subject) (mode \(Self.octal(file))): "
            + "\(command("chmod go-w", path, of: file)), if what is in it is still as it should be")
      ]
    }
    return []
  }

  private func directory(_ path: String, _ status: stat) -> [Violation] {
    if !users.include(ownerOfDirectory: status) {
      return [
        Violation(
          description: "the directory \(path) belongs to another user (uid \(status.st_uid)), who can replace "
            + "\(subject): keep it in a directory of your own, or sudo chown \(users.own) \(shellPath(path))")
      ]
    }
    guard Self.isWritableByOthers(status), status.st_mode & S_ISVTX == 0 else { return [] }
    let isForAll = status.st_mode & 0o002 != 0
    let who = isForAll ? "everybody" : "its group (gid \(status.st_gid))"
    let mending = command(isForAll ? "chmod go-w" : "chmod g-w", path, of: status)
    return [
      Violation(
        description: "others may replace \(subject): \(who) can write its directory \(path) (mode "
          + "\(Self.octal(status))); \(mending) (or chmod +t, where others are to write there, too), or keep it in "
          + "another")
    ]
  }

  /// Checks a link in a directory that others can write: the owner of the link can replace it.
  private func link(_ path: String, _ status: stat, in directory: String) -> [Violation] {
    if users.include(ownerOf: status) { return [] }
    return [
      Violation(
        description: "the symbolic link \(path) belongs to another user (uid \(status.st_uid)), who can replace "
          + "\(subject) by it, since others can write \(directory): name the file itself, or make the link anew")
    ]
  }

  private func unseen(_ path: String, _ code: CInt) -> Violation {
    Violation(
      description: "cannot look at \(path), on the way to \(subject): \(unsafe String(cString: strerror(code))); check "
        + "the path")
  }

  /// The command with sudo, unless this user owns the file or is root.
  private func command(_ words: String, _ path: String, of status: stat) -> String {
    "\(status.st_uid == users.own || users.own == 0 ? "" : "sudo ")\(words) \(shellPath(path))"
  }

  /// A mode in the form of chmod(1).
  static func octal(_ status: stat) -> String {
    "0\(String(status.st_mode & 0o7777, radix: 8))"
  }

  private static func isWritableByOthers(_ status: stat) -> Bool {
    status.st_mode & 0o022 != 0
  }

  /// The number of links that Linux follows. Source: path_resolution(7).
  private static let linkLimit = 40

  private static func names(of path: String) -> [String] {
    path.split(separator: "/").map(String.init).filter { $0 != "." }.reversed()
  }

  private static func parent(of directory: String) -> String {
    let names = directory.split(separator: "/").dropLast()
    return "/" + names.joined(separator: "/")
  }

  /// An absolute path; nil if the working directory is gone.
  private static func absolute(_ path: String) -> String? {
    if path.hasPrefix("/") { return path }
    guard let directory = unsafe getcwd(nil, 0) else { return nil }
    defer { unsafe free(directory) }
    return unsafe String(cString: directory) + "/" + path
  }

  /// Reads the target of a link. Source: readlink(2).
  private static func target(of link: String) -> String? {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
      guard let start = buffer.baseAddress else { return nil }
      let count = unsafe readlink(link, start, buffer.count)
      return unsafe count < 0
        ? nil : String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
    }
  }
}
