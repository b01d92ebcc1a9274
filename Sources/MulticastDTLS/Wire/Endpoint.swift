/// The source of a datagram: an address and a UDP port. Unauthenticated: anyone can forge it.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
  /// The sender's address.
  public let address: IPAddress
  /// The sender's UDP port.
  public let port: UInt16

  init(_ address: IPAddress, port: UInt16) {
    self.address = address
    self.port = port
  }

  /// The endpoint as `192.0.2.7:5000` or `[fe80::7%eth0]:5000`.
  public var description: String {
    address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
  }
}
