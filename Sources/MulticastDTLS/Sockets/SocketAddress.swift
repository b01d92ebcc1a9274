import Glibc

extension GroupAddress {
  /// The group as the socket calls take it.
  var socketAddress: sockaddr_in {
    var result = sockaddr_in()
    result.sin_family = sa_family_t(AF_INET)
    result.sin_port = port.bigEndian
    result.sin_addr = address.inAddr
    return result
  }
}

/// Lends an IPv4 socket address as the generic one that the socket calls declare. Source: ip(7).
func withUnsafeSocketAddress<Value>(
  _ address: inout sockaddr_in,
  _ body: (UnsafeMutablePointer<sockaddr>) -> Value
) -> Value {
  unsafe withUnsafeMutablePointer(to: &address) {
    // Every socket call reads the family first and then takes the address for what it is.
    unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0) }
  }
}
