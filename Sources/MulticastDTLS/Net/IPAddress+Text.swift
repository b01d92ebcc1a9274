import Glibc

extension IPAddress {
  /// Reads an address: four decimal numbers with dots between them, or IPv6 as in `ff15::1` or `fe80::1%eth0`; the zone is
  /// the name or the number of an interface that there is. Source: inet_pton(3), RFC 4007 section 11.
  public init?(_ text: String) {
    let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    var (ipv4, ipv6) = (in_addr(), in6_addr())
    if parts.count == 1, unsafe inet_pton(AF_INET, text, &ipv4) == 1 {
      self.init(ipv4)
      return
    }
    guard unsafe inet_pton(AF_INET6, parts[0], &ipv6) == 1 else { return nil }
    var zone: UInt32 = 0
    if parts.count == 2 {
      guard let interface = NetworkInterface(zone: parts[1]) else { return nil }
      zone = interface.index
    }
    self.init(ipv6, zone: zone)
    // A zone that the address does not have is a mistake.
    if zone != self.zone { return nil }
  }
}
