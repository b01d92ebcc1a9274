import Glibc

/// Where a datagram came from: an address and a UDP port. Nothing vouches for it; anyone can forge it.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
  /// The sender's address.
  public let address: IPv4Address
  /// The sender's UDP port.
  public let port: UInt16

  init(_ address: sockaddr_in) {
    self.address = IPv4Address(address.sin_addr)
    self.port = UInt16(bigEndian: address.sin_port)
  }

  /// The endpoint as `ADDRESS:PORT`.
  public var description: String {
    "\(address):\(port)"
  }
}
