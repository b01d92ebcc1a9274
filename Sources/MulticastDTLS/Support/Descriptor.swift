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
}
