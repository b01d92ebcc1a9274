import TestSupport

/// Three hosts on one network: each a namespace with an interface `lan`, joined by a bridge in a fourth.
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

  /// Waits until the kernel passes on what a host sends, which on a busy machine can be long after its cable or its
  /// interface was said to be up.
  func waitUntilConnected(_ host: Int) async throws {
    try await eventually("host \(host) to be connected") {
      try hosts[host].run("ip link show lan").contains("state UP")
        && bridge.run("ip -d link show \(port(of: host))").contains("state forwarding")
    }
  }

  /// Gives a host what a host at a network has, so that no peer needs -I; for groups of IPv6 it has that by itself.
  func setRoute(_ host: Int) throws {
    if family == .ipv4 { try hosts[host].run("ip route replace default dev lan") }
  }

  func address(of host: Int) -> String { family.address(13, host + 1) }

  /// How the beginning of a host's endpoint is written.
  func source(of host: Int) -> String { family == .ipv4 ? "\(address(of: host)):" : "[\(address(of: host))]:" }

  /// The name of the bridge's port to a host.
  func port(of host: Int) -> String { "port\(host)" }
}
