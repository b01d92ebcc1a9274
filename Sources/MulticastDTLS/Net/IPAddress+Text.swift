import Glibc

extension IPAddress {
  /// Parses an address: dotted decimal IPv4, or IPv6 as in `ff15::1` or `fe80::1%eth0`. The zone is the name or the
  /// number of an existing interface. Source: inet_pton(3), RFC 4007 section 11.
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
    // A zone on an address that takes none is a mistake.
    if zone != self.zone { return nil }
  }
}
