import Glibc
import MulticastDTLS

/// The user who called `sudo mcast-peer doctor`, and whose peer is meant. Source: sudo(8), ENVIRONMENT.
struct CallingUser {
  let id: uid_t
  let name: String
  private let group: gid_t
  private let home: String?

  /// The commands by which somebody becomes root for a while, and whose environment stays that of sudo.
  private static let shells: Set<String> = ["sh", "bash", "dash", "zsh", "fish", "ksh", "su"]

  /// The user; nil if this process was not called by sudo for another user than root, or if that user asked for a shell of
  /// root's, in which peers are root's, too.
  static var current: CallingUser? {
    func value(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }
    guard geteuid() == 0, let id = value("SUDO_UID").flatMap({ uid_t($0) }), id != 0, id != uid_t.max else {
      return nil
    }
    let words = value("SUDO_COMMAND")?.split(separator: " ") ?? []
    if words.count == 1, shells.contains(String(words[0].split(separator: "/").last ?? "")) { return nil }
    if let entry = unsafe getpwuid(id) {
      return unsafe CallingUser(
        id: id, name: String(cString: entry.pointee.pw_name), group: entry.pointee.pw_gid,
        home: String(cString: entry.pointee.pw_dir))
    }
    let group = value("SUDO_GID").flatMap { gid_t($0) } ?? gid_t(id)
    return CallingUser(id: id, name: value("SUDO_USER") ?? "\(id)", group: group, home: value("SUDO_HOME"))
  }

  private init(id: uid_t, name: String, group: gid_t, home: String?) {
    (self.id, self.name, self.group, self.home) = (id, name, group, home)
  }

  /// Has this process look into the user's home directory where it would look into root's.
  ///
  /// XDG_CONFIG_HOME and XDG_STATE_HOME stay: sudo passes on neither, unless it is told to. So does HOME, where nothing tells
  /// the user's.
  func useHome() {
    if let home { unsafe setenv("HOME", home, 1) }
  }

  /// Does something with the user's rights: it reads what they may read, and what it makes is theirs.
  ///
  /// - Throws: ``SystemError`` if this process may not act as the user, as in some containers.
  func act<Value>(_ body: () -> Value) throws(SystemError) -> Value {
    let own = (group: getegid(), groups: Self.groups)
    // The other way round at the end: the user's rights do not suffice to change groups.
    try check("initgroups", unsafe initgroups(name, group) == 0 || setgroups(1, [group]) == 0)
    defer { unsafe own.groups.withUnsafeBufferPointer { _ = unsafe setgroups($0.count, $0.baseAddress) } }
    try check("setegid", setegid(group) == 0)
    defer { setegid(own.group) }
    try check("seteuid", seteuid(id) == 0)
    defer { seteuid(0) }
    return body()
  }

  private func check(_ call: String, _ isDone: Bool) throws(SystemError) {
    if !isDone { throw SystemError(call, errno) }
  }

  private static var groups: [gid_t] {
    var groups = [gid_t](repeating: 0, count: max(0, Int(getgroups(0, nil))))
    let count = unsafe getgroups(CInt(groups.count), &groups)
    return Array(groups.prefix(max(0, Int(count))))
  }
}
