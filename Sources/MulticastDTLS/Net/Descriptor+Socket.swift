import CDatagram
import Glibc

extension Descriptor {
  /// Opens a UDP socket.
  ///
  /// - Throws: ``SystemError`` if there are no descriptors left, or the kernel does not know the family.
  static func udpSocket(_ family: CInt = AF_INET) throws(SystemError) -> Descriptor {
    try Descriptor("socket", cdatagram_socket(family))
  }

  /// Gives a socket an address. Source: bind(2), ip(7), ipv6(7).
  func bind(to address: SocketAddress) throws(SystemError) {
    var address = address
    let result = unsafe cdatagram_bind(rawValue, &address)
    guard result == 0 else { throw SystemError("bind", -result) }
  }

  /// Gives a socket a port that nobody uses, which is returned, on all addresses. Source: getsockname(2).
  func bindToFreePort(_ family: CInt) throws(SystemError) -> UInt16 {
    try bind(to: SocketAddress(anyOf: family, port: 0))
    let port = cdatagram_port(rawValue)
    guard port > 0 else { throw SystemError("getsockname", -port) }
    return UInt16(port)
  }
}
