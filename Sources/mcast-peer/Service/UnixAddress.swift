import Glibc

/// The address of a Unix socket: a path, or after `@` a name in the abstract namespace. Source: unix(7).
struct UnixAddress: Sendable {
  /// The longest path or name in bytes, with the byte that ends it.
  static let limit = 108

  private let bytes: [UInt8]

  /// - Returns: Nil if the text is empty, or too long for the kernel.
  init?(_ text: String) {
    var bytes = Array(text.utf8)
    guard !bytes.isEmpty, bytes.count < Self.limit else { return nil }
    if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 } else { bytes.append(0) }
    self.bytes = bytes
  }

  /// Calls `body` with the address as the kernel takes it.
  func withAddress<Value>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    // An abstract name has no end but the length.
    let size = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    return unsafe withUnsafePointer(to: &address) { address in
      unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, size) }
    }
  }
}
