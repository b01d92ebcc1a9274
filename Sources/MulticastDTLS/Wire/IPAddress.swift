import Glibc

/// An IPv4 or IPv6 address, with its zone if it needs one.
///
/// Source: RFC 4291 (IPv6 addresses), RFC 4007 (zones).
public struct IPAddress: Hashable, Sendable {
  /// The 128 bits of an IPv6 address. An IPv4 address is stored as the mapped ::ffff:a.b.c.d (RFC 4291 section
  /// 2.5.5.2).
  private let high: UInt64
  private let low: UInt64
  /// The number of the interface that a link-local or interface-local address belongs to; 0 for all others.
  let zone: UInt32

  private static let mapped: UInt64 = 0xFFFF

  private init(high: UInt64, low: UInt64, zone: UInt32) {
    (self.high, self.low) = (high, low)
    self.zone = Self.hasZone(high) ? zone : 0
  }

  init(ipv4 number: UInt32) {
    self.init(high: 0, low: Self.mapped << 32 | UInt64(number), zone: 0)
  }

  init(_ address: in_addr) {
    self.init(ipv4: UInt32(bigEndian: address.s_addr))
  }

  init(_ address: in6_addr, zone: UInt32) {
    let (high, low) = unsafe withUnsafeBytes(of: address) {
      unsafe ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }
    self.init(high: UInt64(bigEndian: high), low: UInt64(bigEndian: low), zone: zone)
  }

  /// True for an IPv4 address.
  public var isIPv4: Bool {
    high == 0 && low >> 32 == Self.mapped
  }

  /// True for a multicast address: 224.0.0.0/4 (RFC 1112 section 4), ff00::/8 (RFC 4291 section 2.7).
  public var isMulticast: Bool {
    isIPv4 ? low >> 28 & 0xF == 0xE : high >> 56 == 0xFF
  }

  /// True if the meaning of the address depends on the link: fe80::/10, and link-local and interface-local groups.
  /// Source: RFC 4007 section 5.
  var hasZone: Bool { Self.hasZone(high) }

  private static func hasZone(_ high: UInt64) -> Bool {
    high >> 54 == 0xFE80 >> 6 || high >> 56 == 0xFF && [1, 2].contains(high >> 48 & 0xF)
  }

  /// True for a source-specific group: 232.0.0.0/8, ff3x::/32 (RFC 4607 section 1).
  var isSourceSpecific: Bool {
    isIPv4 ? low >> 24 & 0xFF == 232 : high >> 52 == 0xFF3 && high >> 32 & 0xFFFF == 0
  }

  /// The same address in a zone, if it takes one.
  func inZone(_ zone: UInt32) -> IPAddress {
    IPAddress(high: high, low: low, zone: zone)
  }

  /// An IPv4 address in the form of the socket calls.
  var inAddr: in_addr {
    in_addr(s_addr: UInt32(truncatingIfNeeded: low).bigEndian)
  }

  /// An IPv6 address in the form of the socket calls.
  var in6Addr: in6_addr {
    var address = in6_addr()
    unsafe withUnsafeMutableBytes(of: &address) {
      unsafe $0.storeBytes(of: high.bigEndian, as: UInt64.self)
      unsafe $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
    }
    return address
  }
}

extension IPAddress: CustomStringConvertible {
  /// The address in the form that ``init(_:)`` parses. Source: RFC 5952.
  public var description: String {
    if zone == 0 { return withoutZone }
    return "\(withoutZone)%\(NetworkInterface(index: zone)?.name ?? String(zone))"
  }

  /// The address without its zone.
  var withoutZone: String {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
      let size = socklen_t(text.count)
      if isIPv4 {
        var address = inAddr
        unsafe inet_ntop(AF_INET, &address, text.baseAddress, size)
      } else {
        var address = in6Addr
        unsafe inet_ntop(AF_INET6, &address, text.baseAddress, size)
      }
      return unsafe text.baseAddress.map { unsafe String(cString: $0) } ?? ""
    }
  }
}
