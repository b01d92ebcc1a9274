import MulticastDTLS

/// The checks of this machine's interfaces and routes.
struct InterfaceChecks {
  let network: NetworkConfiguration
  let all: [InterfaceStatus]
  /// The names of those that are used.
  let used: [String]
  /// Whether that is loopback for want of a route.
  let isFallback: Bool

  /// One finding for each interface.
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
            "interface", "\(name) takes no multicast", "ip link set \(shellWord(status.name)) multicast on")
        }
        if !status.hasCarrier {
          return .failure(
            "interface", "\(name) is up and has no carrier", "look at its cable, its radio, or its other end")
        }
        if !hasFamily {
          return .failure(
            "interface", "\(name) has no \(network.group.address.isIPv4 ? "IPv4" : "IPv6") address",
            Self.adviceWithoutAddress(status.name, isIPv4: network.group.address.isIPv4))
        }
      }
      let traits =
        (status.hasCarrier ? "up" : "up, no carrier") + (status.isLoopback ? ", loopback" : "")
        + (status.takesMulticast ? ", multicast" : ", no multicast")
      return .ok("interface", "\(name) \(traits)\(addresses.isEmpty ? ", no address" : ", \(addresses)")")
    }
  }

  private static func adviceWithoutAddress(_ name: String, isIPv4: Bool) -> String {
    if !isIPv4, KernelSettings.isIPv6Disabled(on: name) {
      return "IPv6 is turned off there, so turn it on: sysctl " + shellWord("net/ipv6/conf/\(name)/disable_ipv6=0")
    }
    return "give it one: ip addr add ADDRESS/BITS dev \(shellWord(name))"
  }

  private func down(_ status: InterfaceStatus, _ name: String) -> Finding {
    let advice = "ip link set \(shellWord(status.name)) up"
    if used.contains(status.name) { return .failure("interface", "\(name) is down", advice) }
    if let port = all.first(where: { used.contains($0.name) && $0.isPort && $0.master?.name == status.name }) {
      return .warning("interface", "\(name) is down, and \(port.name) (used) is a port of it", advice)
    }
    if let user = used.first(where: { foundation(of: $0).contains(status.name) }) {
      return .warning("interface", "\(name) is down, and \(user) (used) rests on it", advice)
    }
    // Where nothing else leads to a network, that may be why.
    return !hasOther(than: status) && !status.isLoopback
      ? .warning("interface", "\(name) is down", advice) : .ok("interface", "\(name) is down, not needed")
  }

  /// The interfaces that one is made of, and the ports that belong to it, and theirs.
  private func foundation(of name: String) -> Set<String> {
    var (found, rest) = (Set<String>(), [name])
    while let next = rest.popLast() {
      let below =
        all.filter { $0.master?.name == next }.map(\.name) + all.filter { $0.name == next }.compactMap(\.below)
      for name in below where found.insert(name).inserted { rest.append(name) }
    }
    return found
  }

  /// One that belongs to another, where what comes in goes.
  private func port(_ status: InterfaceStatus, _ name: String, of master: InterfaceStatus.Master) -> Finding {
    let masterName = shellWord(master.name)
    if master.kind == "vrf" {
      return .warning(
        "interface", "\(name) belongs to the VRF \(master.name), of which other programs hear nothing",
        "run the peer in it: ip vrf exec \(masterName) mcast-peer ...")
    }
    let kind = master.kind.isEmpty ? "" : " (\(master.kind))"
    return .failure(
      "interface", "\(name) is a port of \(master.name)\(kind), which takes what comes in",
      "use that: --interface \(masterName)")
  }

  /// Whether it has an address of the group's family.
  private func hasAddress(_ status: InterfaceStatus) -> Bool {
    status.addresses.contains { $0.isIPv4 == network.group.address.isIPv4 }
  }

  private func hasOther(than status: InterfaceStatus) -> Bool {
    all.contains { $0.name != status.name && !$0.isLoopback && $0.isUp }
  }

  /// Whether the kernel knows where to send to the group.
  func route() -> Finding {
    let names = used.joined(separator: ", ")
    if !isFallback { return .ok("route", "\(network.group) goes by \(names)") }
    let text = "the kernel has no route for \(network.group), so that a peer would use loopback only"
    guard let other = all.first(where: { !$0.isLoopback && $0.isUp && $0.takesMulticast && hasAddress($0) }) else {
      let bare = all.first { !$0.isLoopback && $0.isUp && $0.takesMulticast }
      return .warning(
        "route", text,
        bare.map { "give \($0.name) an address: ip addr add ADDRESS/BITS dev \(shellWord($0.name))" }
          ?? "connect this machine to a network, unless all members run on it")
    }
    return .failure(
      "route", text,
      "choose an interface, as with --interface \(shellWord(other.name)), or give it a route: ip route add "
        + "\(network.group.address)/\(network.group.address.isIPv4 ? 32 : 128) dev \(shellWord(other.name))")
  }

  /// The names of those that are not used, and by which members may be reached.
  var others: [String] {
    all.filter { !used.contains($0.name) && !$0.isLoopback && $0.isUp && $0.takesMulticast && !$0.isPort }.map(\.name)
  }

  /// What keeps messages from others though all is well with the interfaces.
  func limits() -> [Finding] {
    // Nothing leaves loopback anyhow.
    guard !all.contains(where: { $0.isLoopback && $0.name == used.first }) else { return [] }
    var findings: [Finding] = []
    if network.ttl == 0 {
      findings.append(
        .warning("TTL", "0: what is sent stays on this machine", "with others on the network, give --ttl 1 or more"))
    }
    if network.group.isSourceSpecific, network.sources.isEmpty {
      findings.append(
        .warning(
          "route", "routers pass on single sources only of groups such as \(network.group) (RFC 4607)",
          "name the other members' addresses with --source, or choose another group"))
    }
    return findings
  }

  /// What the kernel does with multicast on an interface; reads /proc, and says nothing where that is not there.
  func kernel(_ name: String) -> [Finding] {
    KernelSettings(name).findings(
      isIPv4: network.group.address.isIPv4, needsSources: !network.sources.isEmpty || network.group.isSourceSpecific,
      hasOtherInterfaces: all.contains { $0.name != name && !$0.isLoopback && $0.isUp })
  }
}
