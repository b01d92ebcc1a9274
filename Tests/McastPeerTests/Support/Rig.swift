import TestSupport

/// Three hosts on one network. Each is a namespace with an interface `lan`; a bridge in a fourth connects them.
struct Rig {
  let hosts: [Namespace]
  let bridge: Namespace
  let family: Family

  init(_ family: Family) throws {
    self.family = family
    hosts = try (0...2).map { _ in try Namespace() }
    bridge = try Namespace()
    try bridge.addBridge("bridge")
    for (number, host) in hosts.enumerated() {
      try host.connect("lan", family.own(13, number + 1), toPort: port(of: number), of: "bridge", in: bridge)
      try setRoute(number)
    }
  }

  /// Waits until the bridge forwards a host's packets. On a busy machine, that can be long after its cable or interface
  /// was reported up.
  func waitUntilConnected(_ host: Int) async throws {
    try await eventually("host \(host) to be connected") {
      try hosts[host].run("ip link show lan").contains("state UP")
        && bridge.run("ip -d link show \(port(of: host))").contains("state forwarding")
    }
  }

  /// Gives a host a default route, so that no peer needs -I. IPv6 groups need no such route.
  func setRoute(_ host: Int) throws {
    if family == .ipv4 { try hosts[host].run("ip route replace default dev lan") }
  }

  func address(of host: Int) -> String { family.address(13, host + 1) }

  /// The start of a host's endpoint as text.
  func source(of host: Int) -> String { family == .ipv4 ? "\(address(of: host)):" : "[\(address(of: host))]:" }

  /// The name of the bridge's port to a host.
  func port(of host: Int) -> String { "port\(host)" }
}
