import Glibc
import MulticastDTLS

/// The user whose peer is to be checked: the caller of `sudo mcast-peer doctor`, or the user of the service. Source: sudo(8), ENVIRONMENT.
struct CallingUser {
  let id: uid_t
  let name: String
  /// True for the user of the installed service.
  let isService: Bool
  /// The reason to check for this user, in words.
  var cause: String { isService ? "of the service" : "called by sudo" }
  private let group: gid_t
  private let home: String?

  /// The root shells, in which the variables of sudo remain set.
  private static let shells: Set<String> = ["sh", "bash", "dash", "zsh", "fish", "ksh", "su"]

  /// The caller; nil without sudo, for root itself, and in a root shell, where peers are root's, too.
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

  /// The user of the installed service; nil if this process is not root's, or there is no such user.
  static var ofService: CallingUser? {
    guard geteuid() == 0, let entry = unsafe getpwnam(ServiceSettings.user) else { return nil }
    return unsafe CallingUser(
      id: entry.pointee.pw_uid, name: ServiceSettings.user, isService: true, group: entry.pointee.pw_gid,
      home: nil)
  }

  private init(id: uid_t, name: String, isService: Bool = false, group: gid_t, home: String?) {
    self.id = id
    self.name = name
    self.isService = isService
    self.group = group
    self.home = home
  }

  /// Sets HOME to the caller's home directory, if it is known.
  ///
  /// XDG_CONFIG_HOME and XDG_STATE_HOME stay: by default, sudo removes both.
  func useHome() {
    if let home { unsafe setenv("HOME", home, 1) }
  }

  /// Runs `body` with the caller's user ID and groups.
  ///
  /// - Throws: ``SystemError`` if this process may not act as the user, as in some containers.
  func act<Value>(_ body: () -> Value) throws(SystemError) -> Value {
    let own = (group: getegid(), groups: Self.groups)
    // The user ID changes last and is restored first: only root may change groups.
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
