internal import CDatagram
import Glibc

extension Descriptor {
  /// Opens a UDP socket.
  ///
  /// - Throws: ``SystemError`` if there are no descriptors left, or the kernel does not know the family.
  static func udpSocket(_ family: CInt = AF_INET) throws(SystemError) -> Descriptor {
    try Descriptor("socket", cdatagram_socket(family))
  }

  /// Binds the socket to an address. Source: bind(2), ip(7), ipv6(7).
  func bind(to address: SocketAddress) throws(SystemError) {
    var address = address
    let result = unsafe cdatagram_bind(rawValue, &address)
    guard result == 0 else { throw SystemError("bind", -result) }
  }

  /// Binds the socket to a free port on all addresses, and returns the port. Source: getsockname(2).
  func bindToFreePort(_ family: CInt) throws(SystemError) -> UInt16 {
    try bind(to: SocketAddress(anyOf: family, port: 0))
    let port = cdatagram_port(rawValue)
    guard port > 0 else { throw SystemError("getsockname", -port) }
    return UInt16(port)
  }
}
