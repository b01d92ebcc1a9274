import SystemPackage

/// The failure to join a group on an interface.
struct JoinFailure: Error, Hashable {
  let interface: NetworkInterface
  let error: SystemError

  /// The default of mld_max_msf. Source: Linux, ip-sysctl.
  private static let usualSourceLimit = 64

  /// The failure for a person, with the kernel's limit if it has been reached.
  ///
  /// - Parameters:
  ///   - sources: The number of source addresses to receive from.
  ///   - interfaces: The number of interfaces to join on.
  ///   - limits: The kernel's current limits.
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
    // For IPv6 only the initial network namespace has the setting, and it applies to all of them.
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

/// The kernel's limits of memberships; nil if it does not say. Source: ip(7), Linux, ip-sysctl.
struct MembershipLimits {
  /// The most sources of a group per socket: igmp_max_msf, mld_max_msf.
  var sources: Int?
  /// The most groups per socket, counted on each interface: igmp_max_memberships. IPv6 has no such limit.
  var memberships: Int?
  /// The most bytes per socket for all memberships: optmem_max.
  var memory: Int?

  /// The current limits for the address family of a group.
  static func current(for group: GroupAddress) -> MembershipLimits {
    func setting(_ name: String) -> Int? { Int(kernelText("/proc/sys/net/\(name)").prefix { $0.isNumber }) }
    let isIPv4 = group.address.isIPv4
    return MembershipLimits(
      sources: setting(isIPv4 ? "ipv4/igmp_max_msf" : "ipv6/mld_max_msf"),
      memberships: isIPv4 ? setting("ipv4/igmp_max_memberships") : nil, memory: setting("core/optmem_max"))
  }
}

extension GroupAddress {
  /// The failure to bind to the group's port, for a person.
  func networkError(ofBinding error: SystemError) -> NetworkError {
    switch error.errno {
    case .addressInUse:
      let other = port == .max ? port - 1 : port + 1
      return NetworkError(
        "another program has UDP port \(port) for itself (\(error)). Find it, as root, and stop it: ss -ulpn 'sport = :\(port)'. "
          + "Or have all members use another port, as with the group \(withPort(other))")
    case .permissionDenied, .notPermitted:
      return NetworkError(
        "this process may not use UDP port \(port) (\(error)): ports below 1024 are root's, or below "
          + "net.ipv4.ip_unprivileged_port_start; have all members use a higher one")
    default:
      return NetworkError("cannot use UDP port \(port) of group \(self): \(error)")
    }
  }
}
