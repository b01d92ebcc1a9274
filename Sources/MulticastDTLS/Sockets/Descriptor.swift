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

  /// Opens an IPv4 UDP socket.
  ///
  /// - Throws: ``SystemError`` if there are no descriptors left.
  static func udpSocket() throws(SystemError) -> Descriptor {
    try Descriptor("socket", cdatagram_socket())
  }

  deinit {
    close(rawValue)
  }

  /// Sets a socket option. Source: setsockopt(2), ip(7), socket(7).
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

  /// Gives a socket an address. Source: bind(2), ip(7).
  func bind(to address: sockaddr_in) throws(SystemError) {
    var address = address
    try system("bind") {
      unsafe withUnsafeSocketAddress(&address) {
        unsafe Glibc.bind(rawValue, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  /// Gives a socket a port that nobody uses, which is returned, on all addresses. Source: getsockname(2).
  func bindToFreePort() throws(SystemError) -> UInt16 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    try bind(to: address)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    try system("getsockname") {
      unsafe withUnsafeSocketAddress(&address) { unsafe getsockname(rawValue, $0, &size) }
    }
    return UInt16(bigEndian: address.sin_port)
  }
}
