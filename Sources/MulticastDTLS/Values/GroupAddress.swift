/// The IPv4 multicast group that members talk in: an address in 224.0.0.0/4 and a UDP port.
///
/// Source: RFC 1112 section 4 (host group addresses).
public struct GroupAddress: Hashable, Sendable {
  /// The group's address.
  public let address: IPv4Address
  /// The UDP port, 1...65535.
  public let port: UInt16

  /// The port of a group whose text names none.
  public static let defaultPort: UInt16 = 12345

  /// The group of the C example, 239.255.0.1:12345: administratively scoped (RFC 2365), so it stays on the local network.
  public static let standard = GroupAddress(address: IPv4Address(rawValue: 0xEFFF_0001), port: defaultPort)

  private init(address: IPv4Address, port: UInt16) {
    self.address = address
    self.port = port
  }

  /// Reads `ADDRESS` or `ADDRESS:PORT`; without a port it is 12345.
  ///
  /// - Throws: ``InvalidValue`` if the address is not an IPv4 multicast address or the port is not in 1...65535.
  public init(_ text: String) throws(InvalidValue) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = IPv4Address(String(parts[0])) else {
      throw InvalidValue("'\(parts[0])' is not an IPv4 address: give a multicast group such as 239.255.0.1:12345")
    }
    guard address.isMulticast else {
      throw InvalidValue(
        "\(address) is not a multicast address: give one from 224.0.0.0 to 239.255.255.255, such as 239.255.0.1"
      )
    }
    var port = Self.defaultPort
    if parts.count == 2 {
      guard let number = UInt16(decimal: parts[1]), number > 0 else {
        throw InvalidValue("'\(parts[1])' is not a port: give a whole number from 1 to 65535")
      }
      port = number
    }
    self.init(address: address, port: port)
  }
}

extension GroupAddress: CustomStringConvertible {
  /// The group as `ADDRESS:PORT`.
  public var description: String {
    "\(address):\(port)"
  }
}
