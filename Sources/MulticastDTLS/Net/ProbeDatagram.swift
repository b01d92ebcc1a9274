import Glibc

/// The datagrams that ``LoopbackProbe`` sends: text that no member takes for a record.
struct ProbeDatagram {
  /// A probe that nobody has sent before.
  static func make() -> [UInt8] {
    Array("\(prefix)\(UInt64.random(in: .min ... .max))".utf8)
  }

  private static let prefix = "mcast-peer doctor "
  /// The most digits after the prefix.
  private static let digits = 20
  /// The most probes to look up in a second. Each look-up lists all interfaces, so a flood must not cause many.
  private static let limit = 4
  private static let noAddress = IPAddress(ipv4: 0)

  private var looks: (start: BootInstant, count: Int) = (.now, 0)

  /// True if a datagram is a probe of this machine, which is no sign of another member.
  ///
  /// A probe from elsewhere is not our own: TTL 0 keeps probes on their machine. The kernel rejects IPv4 datagrams from
  /// outside whose source is an address of this machine. It also rejects the source 0.0.0.0, which a machine with no
  /// address but loopback's uses, except to 224.0.0.0/24. Source: Linux, net/ipv4/route.c, ip_mc_validate_source.
  mutating func isOwn(_ datagram: Span<UInt8>, from source: Endpoint, now: BootInstant) -> Bool {
    guard Self.isProbe(datagram) else { return false }
    if looks.start.duration(to: now) >= .seconds(1) { looks = (now, 0) }
    looks.count += 1
    guard looks.count <= Self.limit else { return false }
    return source.address == Self.noAddress
      || InterfaceStatus.all().contains { $0.addresses.contains(source.address) }
  }

  /// True if a datagram has the form of a probe.
  static func isProbe(_ datagram: Span<UInt8>) -> Bool {
    let start = Array(prefix.utf8)
    guard datagram.count > start.count, datagram.count <= start.count + digits else { return false }
    return datagram.indices.allSatisfy { index in
      index < start.count
        ? datagram[index] == start[index] : (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(datagram[index])
    }
  }
}
