import CDatagram
import Glibc

/// Owns a file descriptor and closes it.
struct Descriptor: ~Copyable, Sendable {
  let rawValue: CInt

  /// Takes the descriptor that a call of CDatagram returned.
  ///
  /// - Throws: ``SystemError`` if the call failed.
  init(_ call: String, _ result: CInt) throws(SystemError) {
    guard result >= 0 else { throw SystemError(call, -result) }
    rawValue = result
  }

  /// Opens a UDP socket.
  ///
  /// - Throws: ``SystemError`` if there are no descriptors left, or the kernel does not know the family.
  static func udpSocket(_ family: CInt = AF_INET) throws(SystemError) -> Descriptor {
    try Descriptor("socket", cdatagram_socket(family))
  }

  deinit {
    close(rawValue)
  }

  /// Sets a socket option. Source: setsockopt(2), ip(7), ipv6(7), socket(7).
  func setOption<Value: BitwiseCopyable>(
    _ level: Int,
    _ option: CInt,
    _ name: String,
    to value: Value
  ) throws(SystemError) {
    try system("setsockopt(\(name))") {
      unsafe withUnsafeBytes(of: value) {
        unsafe setsockopt(rawValue, CInt(level), option, $0.baseAddress, socklen_t($0.count))
      }
    }
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
