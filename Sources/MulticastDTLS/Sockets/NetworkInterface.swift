import CDatagram
import Glibc
import SystemPackage

/// The network interface that a group is joined on and sent on.
public struct NetworkInterface: Hashable, Sendable {
  /// Its name, as in eth0.
  public let name: String
  /// The kernel's number for it. An interface that goes and comes back may get another.
  public let index: UInt32

  /// Finds an interface by its name, or by one of its IPv4 addresses.
  ///
  /// - Throws: ``NetworkError`` if there is none; the error names those that there are.
  public init(_ nameOrAddress: String) throws(NetworkError) {
    let all = Self.withAddresses()
    let address = IPv4Address(nameOrAddress)
    let name = all.first { $0.address != nil && $0.address == address }?.name ?? nameOrAddress
    guard let interface = NetworkInterface(current: name) else {
      let names = all.map(\.name).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
      throw NetworkError(
        "there is no interface '\(nameOrAddress)' on this machine: use one of \(names.joined(separator: ", "))"
      )
    }
    self = interface
  }

  /// Finds the interface by which the kernel would send to a group; nil where it has no route there.
  ///
  /// - Throws: ``NetworkError`` if there is a route that leads nowhere, or the kernel cannot be asked.
  public init?(routeTo group: GroupAddress) throws(NetworkError) {
    let index = cdatagram_route_interface(group.address.inAddr)
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

  /// The interface that has a name now.
  init?(current name: String) {
    let index = unsafe if_nametoindex(name)
    guard index != 0 else { return nil }
    self.name = name
    self.index = index
  }

  private init?(index: UInt32) {
    // if_indextoname(3): the name has at most IF_NAMESIZE bytes.
    let name = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { buffer in
      unsafe if_indextoname(index, buffer.baseAddress).map { unsafe String(cString: $0) }
    }
    guard let name else { return nil }
    self.name = name
    self.index = index
  }

  /// All interfaces, each with one of its IPv4 addresses if it has any. Source: getifaddrs(3).
  private static func withAddresses() -> [(name: String, address: IPv4Address?)] {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard unsafe getifaddrs(&list) == 0 else { return [] }
    defer { unsafe freeifaddrs(list) }
    return unsafe sequence(first: list, next: { unsafe $0?.pointee.ifa_next }).compactMap { entry in
      guard let entry = unsafe entry?.pointee, let name = unsafe entry.ifa_name else { return nil }
      let isIPv4 = unsafe entry.ifa_addr?.pointee.sa_family == sa_family_t(AF_INET)
      let address =
        unsafe !isIPv4
        ? nil
        : entry.ifa_addr?.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
          unsafe IPv4Address($0.pointee.sin_addr)
        }
      return (unsafe String(cString: name), address)
    }
  }
}
