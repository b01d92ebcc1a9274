internal import CDatagram
import Glibc

/// A socket address of either family, in the form of the CDatagram calls.
typealias SocketAddress = cdatagram_address

extension SocketAddress {
  init(_ address: IPAddress, port: UInt16) {
    self.init()
    if address.isIPv4 {
      var ipv4 = sockaddr_in()
      ipv4.sin_family = sa_family_t(AF_INET)
      ipv4.sin_port = port.bigEndian
      ipv4.sin_addr = address.inAddr
      unsafe self.ipv4 = ipv4
    } else {
      var ipv6 = sockaddr_in6()
      ipv6.sin6_family = sa_family_t(AF_INET6)
      ipv6.sin6_port = port.bigEndian
      ipv6.sin6_addr = address.in6Addr
      ipv6.sin6_scope_id = address.zone
      unsafe self.ipv6 = ipv6
    }
  }

  /// The unspecified address, for all interfaces.
  init(anyOf family: CInt, port: UInt16) {
    // It is all zeros in both families.
    self =
      family == AF_INET6
      ? SocketAddress(IPAddress(in6_addr(), zone: 0), port: port) : SocketAddress(IPAddress(ipv4: 0), port: port)
  }

  /// The address and port; nil for another family.
  var endpoint: Endpoint? {
    switch CInt(unsafe any.sa_family) {
    case AF_INET:
      unsafe Endpoint(IPAddress(ipv4.sin_addr), port: UInt16(bigEndian: ipv4.sin_port))
    case AF_INET6:
      unsafe Endpoint(IPAddress(ipv6.sin6_addr, zone: ipv6.sin6_scope_id), port: UInt16(bigEndian: ipv6.sin6_port))
    default: nil
    }
  }
}

extension GroupAddress {
  /// The address family of its sockets.
  var family: CInt { address.isIPv4 ? AF_INET : AF_INET6 }

  /// The group in the form of the socket calls.
  func socketAddress() -> SocketAddress {
    SocketAddress(address, port: port)
  }
}
