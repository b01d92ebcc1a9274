import Foundation

/// A version of the Internet Protocol, with addresses for a network of a test's own.
enum Family: String, CaseIterable {
  case ipv4, ipv6

  /// Those that this machine speaks.
  static let all = allCases.filter { $0 == .ipv4 || FileManager.default.fileExists(atPath: "/proc/net/if_inet6") }

  /// A group that needs no interface to be named.
  var group: String { self == .ipv4 ? "239.255.0.1:12345" : "[ff15::1]:12345" }

  /// The address of a host in a network.
  func address(_ network: Int, _ host: Int) -> String {
    self == .ipv4 ? "10.\(network).0.\(host)" : "fd\(network)::\(host)"
  }

  /// The same as ip(8) takes it for an interface; the kernel is not to look first whether somebody else has it.
  func own(_ network: Int, _ host: Int) -> String {
    address(network, host) + (self == .ipv4 ? "/24" : "/64 nodad")
  }

  /// As ip(8) takes a route for groups, so that it comes before those that an interface has by itself.
  func route(_ way: String) -> String {
    self == .ipv4 ? "ip route add 239.0.0.0/8 \(way)" : "ip -6 route add ff15::/16 \(way) table local"
  }
}
