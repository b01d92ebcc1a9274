import SystemPackage

/// The groups that sockets of this machine have joined, by interface. Source: proc(5), /proc/net/igmp; Linux,
/// net/ipv6/mcast.c, /proc/net/igmp6.
struct MembershipTable: Sendable {
  private let rows: [[Substring]]

  /// The current table for the address family of a group; empty if there is none.
  static func current(for group: IPAddress) -> MembershipTable {
    MembershipTable(kernelText(group.isIPv4 ? "/proc/net/igmp" : "/proc/net/igmp6"))
  }

  /// - Parameter text: The kernel's text.
  init(_ text: String) {
    rows = text.split(separator: "\n").map { $0.split { " \t:".contains($0) } }
  }

  /// True if the kernel shows no table.
  var isEmpty: Bool { rows.isEmpty }

  /// True if any socket is a member of a group on an interface, given by number.
  func hasMember(of group: IPAddress, on interface: UInt32) -> Bool {
    group.isIPv4 ? hasMember(ofIPv4: group, on: interface) : hasMember(ofIPv6: group, on: interface)
  }

  private func hasMember(ofIPv4 group: IPAddress, on interface: UInt32) -> Bool {
    // The group's four bytes, read as one number in native byte order.
    let wanted = String(group.inAddr.s_addr, radix: 16, uppercase: true)
    let padded = String(repeating: "0", count: 8 - wanted.count) + wanted
    var isInside = false
    for row in rows {
      // The row of an interface ends with the IGMP version; the rows of its groups follow.
      if row.count == 4, row[3].first == "V" {
        isInside = UInt32(row[0]) == interface
      } else if isInside, row.first == padded[...] {
        return true
      }
    }
    return false
  }

  private func hasMember(ofIPv6 group: IPAddress, on interface: UInt32) -> Bool {
    let address = group.in6Addr
    let wanted = unsafe withUnsafeBytes(of: address) { unsafe hexadecimal($0) }
    return rows.contains { $0.count >= 4 && UInt32($0[0]) == interface && $0[2] == wanted[...] }
  }
}

/// The text of a kernel file, such as a setting; empty if it cannot be read.
func kernelText(_ path: String) -> String {
  guard let file = unsafe try? FileDescriptor.open(path, .readOnly, options: [.closeOnExec]) else { return "" }
  defer { try? file.close() }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65_536)
  while bytes.count < 1 << 20,
    let count = unsafe try? buffer.withUnsafeMutableBytes({ try unsafe file.read(into: $0) }), count > 0
  {
    bytes += buffer[..<count]
  }
  return String(decoding: bytes, as: UTF8.self)
}
