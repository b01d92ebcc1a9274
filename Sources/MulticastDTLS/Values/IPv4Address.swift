import Glibc

/// An IPv4 address.
public struct IPv4Address: Hashable, Sendable {
  /// The address as a number, 127.0.0.1 being 0x7F000001.
  public let rawValue: UInt32

  init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  init(_ address: in_addr) {
    self.init(rawValue: UInt32(bigEndian: address.s_addr))
  }

  /// Reads four decimal numbers with dots between them; nothing else is an address. Source: inet_pton(3).
  public init?(_ text: String) {
    var address = in_addr()
    guard unsafe inet_pton(AF_INET, text, &address) == 1 else { return nil }
    self.init(address)
  }

  /// Whether the address names a group: 224.0.0.0/4 (RFC 1112 section 4).
  public var isMulticast: Bool {
    rawValue >> 28 == 0xE
  }

  /// The address as the socket calls take it.
  var inAddr: in_addr {
    in_addr(s_addr: rawValue.bigEndian)
  }
}

extension IPv4Address: CustomStringConvertible {
  /// Four decimal numbers with dots between them.
  public var description: String {
    [24, 16, 8, 0].map { String(rawValue >> UInt32($0) & 0xFF) }.joined(separator: ".")
  }
}
