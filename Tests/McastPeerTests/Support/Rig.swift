import TestSupport

/// Three hosts on one network: each a namespace with an interface `lan`, joined by a bridge in a fourth.
struct Rig {
  let hosts: [Namespace]
  let bridge: Namespace

  init() throws {
    hosts = try (0...2).map { _ in try Namespace() }
    bridge = try Namespace()
    try bridge.addBridge("bridge")
    for (number, host) in hosts.enumerated() {
      try host.connect("lan", "\(address(of: number))/24", toPort: port(of: number), of: "bridge", in: bridge)
      // What a host at a network has, so that no peer needs -I.
      try host.run("ip route add default dev lan")
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

  func address(of host: Int) -> String { "10.13.0.\(host + 1)" }

  /// The name of the bridge's port to a host.
  func port(of host: Int) -> String { "port\(host)" }
}
