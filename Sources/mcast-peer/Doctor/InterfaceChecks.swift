import CommonSupport
import MulticastDTLS

/// The checks of this machine's interfaces and routes.
struct InterfaceChecks {
  let network: NetworkConfiguration
  let all: [InterfaceStatus]
  /// The names of the interfaces that a peer would use.
  let used: [String]
  /// True if that is loopback because the kernel has no route.
  let isFallback: Bool

  /// A finding for each interface.
  func interfaces() -> [Finding] {
    all.map { status in
      let addresses = status.addresses.map(\.description).joined(separator: ", ")
      let isUsed = used.contains(status.name)
      let name = "\(status.name)\(isUsed ? " (used)" : "")"
      let hasFamily = hasAddress(status)
      if !status.isUp { return down(status, name) }
      if isUsed {
        if let master = status.master { return port(status, name, of: master) }
        if !status.takesMulticast {
          return .failure(
            "interface", "\(name) has multicast turned off", "run",
            command: "ip link set \(shellWord(status.name)) multicast on")
        }
        if !status.hasCarrier {
          return .failure(
            "interface", "\(name) is up and has no carrier", "check the cable, the radio, or the other end")
        }
        if !hasFamily { return withoutAddress(status, name) }
      }
      let traits =
        (status.hasCarrier ? "up" : "up, no carrier") + (status.isLoopback ? ", loopback" : "")
        + (status.takesMulticast ? ", multicast" : ", no multicast")
      return .ok("interface", "\(name) \(traits)\(addresses.isEmpty ? ", no address" : ", \(addresses)")")
    }
  }

  private func withoutAddress(_ status: InterfaceStatus, _ name: String) -> Finding {
    let family = network.group.address.isIPv4 ? "IPv4" : "IPv6"
    if family == "IPv6", KernelSettings.isIPv6Disabled(on: status.name) {
      return .failure(
        "interface", "\(name) has no IPv6 address: IPv6 is disabled there", "enable it",
        command: "sysctl " + shellWord("net/ipv6/conf/\(status.name)/disable_ipv6=0"))
    }
    return .failure(
      "interface", "\(name) has no \(family) address", "add one",
      command: "ip addr add ADDRESS/BITS dev \(shellWord(status.name))")
  }

  private func down(_ status: InterfaceStatus, _ name: String) -> Finding {
    let command = "ip link set \(shellWord(status.name)) up"
    if used.contains(status.name) { return .failure("interface", "\(name) is down", "run", command: command) }
    if let port = all.first(where: { used.contains($0.name) && $0.isPort && $0.master?.name == status.name }) {
      return .warning(
        "interface", "\(name) is down, and \(port.name) (used) is a port of it", "run", command: command)
    }
    if let user = used.first(where: { foundation(of: $0).contains(status.name) }) {
      return .warning("interface", "\(name) is down, and \(user) (used) depends on it", "run", command: command)
    }
    // Without another interface that is up, this one may be the cause.
    return !hasOther(than: status) && !status.isLoopback
      ? .warning("interface", "\(name) is down", "run", command: command)
      : .ok("interface", "\(name) is down, not needed")
  }

  /// The interfaces below one, and its ports, recursively.
  private func foundation(of name: String) -> Set<String> {
    var (found, rest) = (Set<String>(), [name])
    while let next = rest.popLast() {
      let below =
        all.filter { $0.master?.name == next }.map(\.name) + all.filter { $0.name == next }.compactMap(\.below)
      for name in below where found.insert(name).inserted { rest.append(name) }
    }
    return found
  }

  /// The finding for a port, whose master gets its incoming datagrams.
  private func port(_ status: InterfaceStatus, _ name: String, of master: InterfaceStatus.Master) -> Finding {
    let masterName = shellWord(master.name)
    if master.kind == "vrf" {
      return .warning(
        "interface", "\(name) is in the VRF \(master.name): a peer outside it hears nothing from there",
        "run the peer in it", command: "ip vrf exec \(masterName) mcast-peer ...")
    }
    let kind = master.kind.isEmpty ? "" : " (\(master.kind))"
    return .failure(
      "interface", "\(name) is a port of \(master.name)\(kind), which receives its datagrams",
      "use --interface \(masterName)")
  }

  /// True if the interface has an address of the group's family.
  private func hasAddress(_ status: InterfaceStatus) -> Bool {
    status.addresses.contains { $0.isIPv4 == network.group.address.isIPv4 }
  }

  private func hasOther(than status: InterfaceStatus) -> Bool {
    all.contains { $0.name != status.name && !$0.isLoopback && $0.isUp }
  }

  /// The finding on the kernel's route for the group.
  func route() -> Finding {
    let names = used.joined(separator: ", ")
    if !isFallback { return .ok("route", "\(network.group) uses \(names)") }
    let text = "the kernel has no route for \(network.group): a peer would use loopback only"
    guard let other = all.first(where: { !$0.isLoopback && $0.isUp && $0.takesMulticast && hasAddress($0) }) else {
      guard let bare = all.first(where: { !$0.isLoopback && $0.isUp && $0.takesMulticast }) else {
        return .warning("route", text, "connect this machine to a network, unless all members run on it")
      }
      return .warning(
        "route", text, "give \(bare.name) an address", command: "ip addr add ADDRESS/BITS dev \(shellWord(bare.name))")
    }
    return .failure(
      "route", text, "choose an interface, as in --interface \(shellWord(other.name)), or add a route",
      command: "ip route add \(network.group.address)/\(network.group.address.isIPv4 ? 32 : 128) "
        + "dev \(shellWord(other.name))")
  }

  /// The names of unused interfaces that may reach members.
  var others: [String] {
    all.filter { !used.contains($0.name) && !$0.isLoopback && $0.isUp && $0.takesMulticast && !$0.isPort }.map(\.name)
  }

  /// Findings on the TTL and on source-specific groups.
  func limits() -> [Finding] {
    // On loopback, no message leaves the machine anyway.
    guard !all.contains(where: { $0.isLoopback && $0.name == used.first }) else { return [] }
    var findings: [Finding] = []
    if network.ttl == 0 {
      findings.append(
        .warning("TTL", "0: messages stay on this machine", "give --ttl 1 or more to reach members on the network"))
    }
    if network.group.isSourceSpecific, network.sources.isEmpty {
      findings.append(
        .warning(
          "route", "\(network.group) is source-specific (RFC 4607): routers forward listed senders only",
          "list the other members' addresses with --source, or choose another group"))
    }
    return findings
  }

  /// Findings on the kernel's settings for an interface; empty without /proc.
  func kernel(_ name: String) -> [Finding] {
    KernelSettings(name).findings(
      isIPv4: network.group.address.isIPv4, needsSources: !network.sources.isEmpty || network.group.isSourceSpecific,
      hasOtherInterfaces: all.contains { $0.name != name && !$0.isLoopback && $0.isUp })
  }
}
