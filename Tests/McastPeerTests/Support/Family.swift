import Foundation

/// A version of the Internet Protocol, with addresses for a test's own network.
enum Family: String, CaseIterable {
  case ipv4, ipv6

  /// The versions that this machine supports.
  static let all = allCases.filter { $0 == .ipv4 || FileManager.default.fileExists(atPath: "/proc/net/if_inet6") }

  /// A group that works without a named interface.
  var group: String { self == .ipv4 ? "239.255.0.1:12345" : "[ff15::1]:12345" }

  /// The address of a host in a network.
  func address(_ network: Int, _ host: Int) -> String {
    self == .ipv4 ? "10.\(network).0.\(host)" : "fd\(network)::\(host)"
  }

  /// The same address as an argument of `ip addr add`, without duplicate address detection.
  func own(_ network: Int, _ host: Int) -> String {
    address(network, host) + (self == .ipv4 ? "/24" : "/64 nodad")
  }

  /// The ip(8) command for a multicast route that precedes the automatic ones of interfaces.
  func route(_ way: String) -> String {
    self == .ipv4 ? "ip route add 239.0.0.0/8 \(way)" : "ip -6 route add ff15::/16 \(way) table local"
  }
}
