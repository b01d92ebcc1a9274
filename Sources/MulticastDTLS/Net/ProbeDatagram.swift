import Glibc

/// The datagrams that ``LoopbackProbe`` sends: text that is no record, so that no member takes it for anything.
struct ProbeDatagram {
  /// One that nobody has sent before.
  static func make() -> [UInt8] {
    Array("\(prefix)\(UInt64.random(in: .min ... .max))".utf8)
  }

  private static let prefix = "mcast-peer doctor "
  /// The most digits that follow it.
  private static let digits = 20
  /// How many are looked at in a second. The sender is looked up for each, which somebody could have a node do in a flood.
  private static let limit = 4
  private static let noAddress = IPAddress(ipv4: 0)

  private var looks: (start: BootInstant, count: Int) = (.now, 0)

  /// True if a datagram is a probe of this machine's own, which is no sign of anybody else.
  ///
  /// One that comes from elsewhere is not: TTL 0 keeps probes on their machine. The kernel refuses IPv4 datagrams from outside
  /// that have an address of this machine as their source, or none, which is that of a machine that has no address but
  /// loopback's; those to 224.0.0.0/24 may have none. Source: Linux, net/ipv4/route.c, ip_mc_validate_source.
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
