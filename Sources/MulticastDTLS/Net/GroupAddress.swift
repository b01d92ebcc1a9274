/// The multicast group of the members: an address and a UDP port.
///
/// Source: RFC 1112 section 4 (IPv4 groups), RFC 4291 section 2.7 (IPv6 groups), RFC 4007 (zones).
public struct GroupAddress: Hashable, Sendable {
  /// The group's address.
  public let address: IPAddress
  /// The name or number of the interface that a link-local group belongs to, if the text named it.
  public let zone: String?
  /// The UDP port, 1...65535.
  public let port: UInt16

  /// The port if the text names none.
  public static let defaultPort: UInt16 = 12345

  /// The group of the C example, 239.255.0.1:12345. Administratively scoped (RFC 2365): it stays on the local network.
  public static let standard = GroupAddress(address: IPAddress(ipv4: 0xEFFF_0001), zone: nil, port: defaultPort)

  private init(address: IPAddress, zone: String?, port: UInt16) {
    self.address = address
    self.zone = zone
    self.port = port
  }

  /// Parses `239.255.0.1`, `ff15::1` or `ff12::1%eth0`; with a port `239.255.0.1:12345`, `[ff15::1]:12345` or
  /// `[ff12::1%eth0]:12345`. The default port is 12345.
  ///
  /// - Throws: ``InvalidValue`` if the address is not a multicast address or the port is not in 1...65535.
  public init(_ text: String) throws(InvalidValue) {
    let (host, port) = try Self.parts(text)
    let parts = host.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let address = IPAddress(parts[0]) else {
      throw InvalidValue(
        "'\(host)' is not an address: give a multicast group such as 239.255.0.1:12345 or [ff15::1]:12345")
    }
    guard address.isMulticast else {
      throw InvalidValue(
        "\(address) is not a multicast address: give one from 224.0.0.0 to 239.255.255.255, such as 239.255.0.1, or one "
          + "that begins with ff, such as ff15::1"
      )
    }
    if parts.count == 2 {
      guard address.hasZone else {
        throw InvalidValue(
          "the group \(address) belongs to no single interface: leave '%\(parts[1])' out, and choose the interface by itself"
        )
      }
      guard !parts[1].isEmpty else {
        throw InvalidValue("'\(host)' names no interface after the %: as in ff12::1%eth0")
      }
    }
    var number = Self.defaultPort
    if let port {
      guard let given = UInt16(decimal: port), given > 0 else {
        throw InvalidValue("'\(port)' is not a port: give a whole number from 1 to 65535")
      }
      number = given
    }
    self.init(address: address, zone: parts.count == 2 ? parts[1] : nil, port: number)
  }

  /// Splits the text into the address and the port, if it has one.
  private static func parts(_ text: String) throws(InvalidValue) -> (host: String, port: String?) {
    if text.first == "[" {
      guard let end = text.lastIndex(of: "]") else {
        throw InvalidValue("'\(text)' has no ] after the address: write [ff15::1]:12345")
      }
      let rest = text[text.index(after: end)...]
      guard rest.isEmpty || rest.first == ":" else {
        throw InvalidValue("'\(rest)' after the ] is no port: write [ff15::1]:12345")
      }
      return (String(text[..<end].dropFirst()), rest.isEmpty ? nil : String(rest.dropFirst()))
    }
    let colons = text.count { $0 == ":" }
    if colons > 1 {
      guard IPAddress(String(text.prefix { $0 != "%" })) != nil else {
        throw InvalidValue("'\(text)' is not an IPv6 address: with a port, write [ff15::1]:12345")
      }
      return (text, nil)
    }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    return (parts[0], parts.count == 2 ? parts[1] : nil)
  }

  /// The same address with another port.
  func withPort(_ port: UInt16) -> GroupAddress {
    GroupAddress(address: address, zone: zone, port: port)
  }

  /// True for a source-specific group: 232.0.0.0/8, ff3x::/32 (RFC 4607 section 1).
  public var isSourceSpecific: Bool { address.isSourceSpecific }
}

extension GroupAddress: CustomStringConvertible {
  /// The group in the form that ``init(_:)`` parses.
  public var description: String {
    let host = address.withoutZone + (zone.map { "%\($0)" } ?? "")
    return address.isIPv4 ? "\(host):\(port)" : "[\(host)]:\(port)"
  }
}
