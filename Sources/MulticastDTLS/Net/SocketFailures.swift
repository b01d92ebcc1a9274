import SystemPackage

/// A group that cannot be joined on an interface.
struct JoinFailure: Error, Hashable {
  let interface: NetworkInterface
  let error: SystemError

  /// mld_max_msf, where nobody has changed it. Source: Linux, ip-sysctl.
  private static let usualSourceLimit = 64

  /// The failure for a person: with the kernel's limit, where it is one.
  ///
  /// - Parameters:
  ///   - sources: How many source addresses are to be heard there.
  ///   - interfaces: How many interfaces the group is to be joined on.
  ///   - limits: The kernel's limits now.
  func networkError(_ group: GroupAddress, sources: Int, interfaces: Int, limits: MembershipLimits) -> NetworkError {
    let start = "cannot use group \(group) on interface \(interface.name): \(error)"
    guard [.noBufferSpace, .noMemory].contains(error.errno) else {
      return NetworkError("\(start); try another interface or group")
    }
    let isIPv4 = group.address.isIPv4
    let sourceSetting = isIPv4 ? "net.ipv4.igmp_max_msf" : "net.ipv6.mld_max_msf"
    if let limit = limits.sources, sources > limit {
      return NetworkError(
        "\(start): the kernel hears at most \(limit) sources of a group, and \(sources) are named. As root, raise that: "
          + "sysctl -w \(sourceSetting)=\(sources)")
    }
    if isIPv4, let limit = limits.memberships, interfaces > limit {
      return NetworkError(
        "\(start): the kernel lets a socket join on at most \(limit) interfaces, and \(interfaces) are named. As root, raise "
          + "that: sysctl -w net.ipv4.igmp_max_memberships=\(interfaces)")
    }
    // Of IPv6, only the first network namespace has the setting, and it counts in all of them.
    if limits.sources == nil, sources > Self.usualSourceLimit {
      return NetworkError(
        "\(start): the kernel hears a limited number of sources of a group, 64 at first, and \(sources) are named. As root, "
          + "raise that, on the host if this is a container: sysctl -w \(sourceSetting)=\(sources)")
    }
    let memory =
      limits.memory.map { "of \($0) bytes: sysctl -w net.core.optmem_max=\($0 * 4)" } ?? "net.core.optmem_max"
    return NetworkError(
      "\(start): the kernel has no room for so many memberships of a socket. As root, raise the limit \(memory)"
        + (limits.sources == nil && sources > 0 ? " (or \(sourceSetting), to \(sources))" : ""))
  }
}

/// The kernel's limits of memberships; nil where it does not say. Source: ip(7), Linux, ip-sysctl.
struct MembershipLimits {
  /// How many sources of a group a socket can hear: igmp_max_msf, mld_max_msf.
  var sources: Int?
  /// How many groups a socket can join, each interface counted: igmp_max_memberships. IPv6 has none.
  var memberships: Int?
  /// How many bytes a socket has for all of that: optmem_max.
  var memory: Int?

  /// The limits now, for a group's family.
  static func current(for group: GroupAddress) -> MembershipLimits {
    func setting(_ name: String) -> Int? { Int(kernelText("/proc/sys/net/\(name)").prefix { $0.isNumber }) }
    let isIPv4 = group.address.isIPv4
    return MembershipLimits(
      sources: setting(isIPv4 ? "ipv4/igmp_max_msf" : "ipv6/mld_max_msf"),
      memberships: isIPv4 ? setting("ipv4/igmp_max_memberships") : nil, memory: setting("core/optmem_max"))
  }
}

extension GroupAddress {
  /// The failure for a person where the group's port cannot be bound to.
  func networkError(ofBinding error: SystemError) -> NetworkError {
    switch error.errno {
    case .addressInUse:
      let other = port == .max ? port - 1 : port + 1
      return NetworkError(
        "another program has UDP port \(port) for itself (\(error)). Find it, as root, and stop it: ss -ulpn 'sport = :\(port)'. "
          + "Or have all members use another port, as with --group \(withPort(other))")
    case .permissionDenied, .notPermitted:
      return NetworkError(
        "this process may not use UDP port \(port) (\(error)): ports below 1024 are root's, or below "
          + "net.ipv4.ip_unprivileged_port_start; have all members use a higher one")
    default:
      return NetworkError("cannot use UDP port \(port) of group \(self): \(error)")
    }
  }
}
