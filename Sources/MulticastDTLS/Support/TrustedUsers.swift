import Glibc
import SystemPackage

/// The users who can read and replace this process's files regardless of their modes: its own user, and root.
///
/// Source: credentials(7), user_namespaces(7).
struct TrustedUsers {
  /// The effective user of this process.
  let own: uid_t
  /// The effective group of this process.
  let ownGroup: gid_t
  /// All groups of this process.
  let groups: Set<gid_t>
  /// The user IDs of this user namespace, as /proc/self/uid_map lists them.
  private let map: String

  /// Takes given users instead of the process's own, for tests.
  init(own: uid_t, ownGroup: gid_t = getegid(), groups: Set<gid_t> = [], map: String = "0 0 4294967295") {
    (self.own, self.ownGroup, self.groups, self.map) = (own, ownGroup, groups, map)
  }

  /// The users of this process now.
  static var current: TrustedUsers {
    TrustedUsers(own: geteuid(), groups: currentGroups, map: currentMap)
  }

  /// True if a file's owner is a trusted user.
  func include(ownerOf file: stat) -> Bool {
    file.st_uid == own || file.st_uid == 0
  }

  /// True if a directory's owner is a trusted user, or is outside this process's user namespace.
  ///
  /// In a namespace without the machine's root, `/` and `/home` show the overflow ID as their owner. Their real owner
  /// has power over this process anyway. An ID that the namespace does map is an ordinary user.
  func include(ownerOfDirectory directory: stat) -> Bool {
    include(ownerOf: directory) || directory.st_uid == Self.overflow && !isMapped(Self.overflow)
  }

  /// The ID that the kernel shows for a user outside the namespace. Source: proc(5), overflowuid.
  private static let overflow: uid_t = 65534

  private func isMapped(_ user: uid_t) -> Bool {
    map.split(separator: "\n").contains { line in
      let fields = line.split(separator: " ").compactMap { UInt64($0) }
      return fields.count == 3 && (fields[0]..<fields[0] + fields[2]).contains(UInt64(user))
    }
  }

  private static var currentGroups: Set<gid_t> {
    let count = getgroups(0, nil)
    var groups = [gid_t](repeating: 0, count: max(0, Int(count)))
    let filled = unsafe getgroups(CInt(groups.count), &groups)
    return Set(groups.prefix(max(0, Int(filled))) + [getegid()])
  }

  private static var currentMap: String {
    let whole = "0 0 4294967295"
    // If the map cannot be read, all IDs count as ordinary users.
    guard let file = unsafe try? FileDescriptor.open("/proc/self/uid_map", .readOnly, options: .closeOnExec) else {
      return whole
    }
    defer { try? file.close() }
    var bytes = [UInt8](repeating: 0, count: 16_384)
    let count = unsafe try? bytes.withUnsafeMutableBytes { unsafe try file.read(into: $0) }
    return count.map { String(decoding: bytes.prefix($0), as: UTF8.self) } ?? whole
  }
}
