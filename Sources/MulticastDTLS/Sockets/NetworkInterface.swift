import CDatagram
import Glibc
import SystemPackage

/// The network interface that a group is joined on and sent on.
public struct NetworkInterface: Hashable, Sendable {
  /// Its name, as in eth0.
  public let name: String
  /// The kernel's number for it. An interface that goes and comes back may get another.
  public let index: UInt32

  /// Whether it is the machine's loopback interface.
  var isLoopback: Bool { name == "lo" }

  /// Finds an interface by its name, by one of its addresses, or by its number.
  ///
  /// - Throws: ``NetworkError`` if there is none; the error names those that there are.
  public init(_ nameOrAddress: String) throws(NetworkError) {
    let all = InterfaceStatus.all()
    let address = IPAddress(nameOrAddress)
    let byAddress = address.flatMap { address in all.first { $0.addresses.contains(address) } }?.name
    guard let interface = NetworkInterface(zone: byAddress ?? nameOrAddress) else {
      let names = all.map(\.name)
      throw NetworkError(
        "there is no interface '\(nameOrAddress)' on this machine: use one of \(names.joined(separator: ", "))"
      )
    }
    self = interface
  }

  /// Finds the interface by which the kernel would send to a group, or the one that the group itself names; nil where there
  /// is no route.
  ///
  /// - Throws: ``NetworkError`` if there is a route that leads nowhere, the kernel cannot be asked, or there is no interface
  ///   of that name.
  public init?(routeTo group: GroupAddress) throws(NetworkError) {
    if let zone = group.zone {
      try self.init(zone)
      return
    }
    var destination = group.socketAddress()
    let index = unsafe cdatagram_route_interface(&destination, 0)
    if index == -ENETUNREACH { return nil }
    guard index > 0, let interface = NetworkInterface(index: UInt32(index)) else {
      throw NetworkError(
        "the kernel's route for \(group) leads nowhere (\(Errno(rawValue: -index))): choose an interface"
      )
    }
    self = interface
  }

  /// The interface by which the kernel would send to a group, or loopback where it has no route there.
  ///
  /// - Throws: ``NetworkError`` if there is a route that leads nowhere, or the kernel cannot be asked.
  public static func standard(for group: GroupAddress) throws(NetworkError) -> NetworkInterface {
    if let routed = try NetworkInterface(routeTo: group) { return routed }
    return try NetworkInterface("lo")
  }

  /// The interface that has a name now, or else a number in decimal. Source: RFC 4007 section 11.2.
  init?(zone: String) {
    if let named = NetworkInterface(current: zone) {
      self = named
    } else if let index = UInt32(decimal: zone[...]), let numbered = NetworkInterface(index: index) {
      self = numbered
    } else {
      return nil
    }
  }

  /// The interface that has a name now.
  init?(current name: String) {
    let index = unsafe if_nametoindex(name)
    guard index != 0 else { return nil }
    self.name = name
    self.index = index
  }

  /// The interface that has a number now.
  public init?(index: UInt32) {
    // if_indextoname(3): the name has at most IF_NAMESIZE bytes.
    let name = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { buffer in
      unsafe if_indextoname(index, buffer.baseAddress).map { unsafe String(cString: $0) }
    }
    guard let name else { return nil }
    self.name = name
    self.index = index
  }

  /// The address in a list of the kernel's, if it is one of IPv4 or IPv6.
  static func address(_ address: UnsafeMutablePointer<sockaddr>) -> IPAddress? {
    switch CInt(unsafe address.pointee.sa_family) {
    case AF_INET:
      unsafe address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        unsafe IPAddress($0.pointee.sin_addr)
      }
    case AF_INET6:
      unsafe address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
        unsafe IPAddress($0.pointee.sin6_addr, zone: $0.pointee.sin6_scope_id)
      }
    default: nil
    }
  }
}
