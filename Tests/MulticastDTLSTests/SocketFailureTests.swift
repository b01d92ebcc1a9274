import Testing

@testable import MulticastDTLS

@Suite("Errors of sockets")
struct SocketFailureTests {
  private func text(
    _ errno: CInt, _ group: String = "232.1.1.1", sources: Int = 0, interfaces: Int = 1, limits: MembershipLimits
  ) throws -> String {
    JoinFailure(
      interface: NetworkInterface(name: "eth0", index: 2), error: SystemError("setsockopt(MCAST_JOIN_GROUP)", errno)
    ).networkError(try GroupAddress(group), sources: sources, interfaces: interfaces, limits: limits).description
  }

  @Test("the error for a kernel limit names the command that raises it far enough")
  func limits() throws {
    let limits = MembershipLimits(sources: 10, memberships: 20, memory: 20_480)
    #expect(try text(105, sources: 11, limits: limits).contains("sysctl -w net.ipv4.igmp_max_msf=11"))
    #expect(try text(105, "[ff35::1]:5000", sources: 11, limits: limits).contains("sysctl -w net.ipv6.mld_max_msf=11"))
    #expect(try text(105, interfaces: 21, limits: limits).contains("sysctl -w net.ipv4.igmp_max_memberships=21"))
    for memory in [
      try text(105, sources: 10, interfaces: 20, limits: limits), try text(12, "[ff15::1]:5000", limits: limits),
    ] {
      #expect(memory.contains("sysctl -w net.core.optmem_max=81920") && !memory.contains("igmp"), "\(memory)")
    }
    let unknown = try text(105, sources: 11, limits: MembershipLimits())
    #expect(unknown.contains("net.core.optmem_max") && unknown.contains("net.ipv4.igmp_max_msf"), "\(unknown)")
    // A network namespace lacks the IPv6 setting, but the host's setting applies to it.
    let inside = try text(105, "[ff35::1]:5000", sources: 89, limits: MembershipLimits(memory: 131_072))
    #expect(inside.contains("on the host if this is a container: sysctl -w net.ipv6.mld_max_msf=89"), "\(inside)")
    #expect(try text(19, limits: limits).hasSuffix("No such device; try another interface or group"))
  }

  @Test("the error for a port in use says so, and advises another port but no other group")
  func port() throws {
    let group = try GroupAddress("239.255.0.1:12345")
    let inUse = group.networkError(ofBinding: SystemError("bind", 98)).description
    #expect(
      inUse.contains("another program has UDP port 12345 for itself") && inUse.contains("ss -ulpn 'sport = :12345'"))
    #expect(inUse.contains("another port, as with the group 239.255.0.1:12346") && !inUse.contains("another group"))
    let last = try GroupAddress("[ff12::1%eth0]:65535").networkError(ofBinding: SystemError("bind", 98)).description
    #expect(last.contains("the group [ff12::1%eth0]:65534"))
    let forbidden = group.networkError(ofBinding: SystemError("bind", 13)).description
    #expect(forbidden.contains("ip_unprivileged_port_start"))
  }
}
