internal import CDatagram
import Glibc
import SystemPackage

/// A network interface to join a group on and to send on.
public struct NetworkInterface: Hashable, Sendable {
  /// The name, as in eth0.
  public let name: String
  /// The kernel's number for it. An interface that disappears and returns may get another.
  public let index: UInt32
  /// The address that chose the interface. It is the source of sent datagrams, and nothing is sent while the interface
  /// does not have it. If nil, IPv4 uses an address of the interface; for IPv6 and on loopback, the kernel chooses.
  public let address: IPAddress?
  /// The altname that chose the interface, and by which it is found again: ip-link(8), altname.
  public let alias: String?

  /// True if it is the machine's loopback interface.
  var isLoopback: Bool { name == "lo" }

  init(name: String, index: UInt32, address: IPAddress? = nil, alias: String? = nil) {
    (self.name, self.index, self.address, self.alias) = (name, index, address, alias)
  }

  /// Finds an interface by its name or altname, by one of its addresses, or by its number.
  ///
  /// An interface found by an address sends from that address.
  ///
  /// - Throws: ``NetworkError`` if there is none; the error lists the existing ones.
  public init(_ nameOrAddress: String) throws(NetworkError) {
    let all = InterfaceStatus.all()
    let address = IPAddress(nameOrAddress)
    let byAddress = address.flatMap { address in all.first { $0.addresses.contains(address) } }?.name
    guard var interface = NetworkInterface(zone: byAddress ?? nameOrAddress) else {
      let names = all.map(\.name)
      throw NetworkError(
        "there is no interface '\(nameOrAddress)' on this machine: use one of \(names.joined(separator: ", "))"
      )
    }
    if byAddress != nil { interface = NetworkInterface(name: interface.name, index: interface.index, address: address) }
    self = interface
  }

  /// Finds the interface of the kernel's route to a group, or the one that the group itself names; nil if there is no
  /// route.
  ///
  /// - Throws: ``NetworkError`` if the route leads nowhere, the kernel cannot be asked, or no interface has that name.
  public init?(routeTo group: GroupAddress) throws(NetworkError) {
    if let zone = group.zone {
      try self.init(zone)
      return
    }
    let route: GroupRoute
    do throws(SystemError) {
      route = try Netlink().route(for: group)
    } catch {
      throw NetworkError("the kernel cannot be asked for its route for \(group) (\(error)): choose an interface")
    }
    switch route {
    case .by(let interface): self = interface
    case .none: return nil
    case .nowhere:
      throw NetworkError(
        "the kernel's route for \(group) leads nowhere, as a blackhole does (see ip route get \(group.address)): choose an "
          + "interface")
    }
  }

  /// The interface of the kernel's route to a group, or loopback if it has no route.
  ///
  /// - Throws: ``NetworkError`` if the route leads nowhere, or the kernel cannot be asked.
  public static func standard(for group: GroupAddress) throws(NetworkError) -> NetworkInterface {
    if let routed = try NetworkInterface(routeTo: group) { return routed }
    return try NetworkInterface("lo")
  }

  /// The interface with a name or altname now, or else with a number in decimal. Source: RFC 4007 section 11.2.
  init?(zone: String) {
    if let named = NetworkInterface(current: zone) {
      self = named
    } else if let index = UInt32(decimal: zone[...]), let numbered = NetworkInterface(index: index) {
      self = numbered
    } else {
      return nil
    }
  }

  /// The interface with a name or altname now.
  private init?(current name: String) {
    // Some containers lack netlink: then only its own name finds it.
    let asked = try? Netlink().link(named: name)?.index
    guard let own = NetworkInterface(index: unsafe asked ?? if_nametoindex(name)) else { return nil }
    self.init(name: own.name, index: own.index, alias: own.name == name ? nil : name)
  }

  /// The interface with a number now.
  public init?(index: UInt32) {
    // if_indextoname(3): the name has at most IF_NAMESIZE bytes.
    let name = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { buffer in
      unsafe if_indextoname(index, buffer.baseAddress).map { unsafe String(cString: $0) }
    }
    guard let name else { return nil }
    self.init(name: name, index: index)
  }

  /// The distinct interfaces, merged by number. Keeps the first address and the first altname given for each.
  public static func uniqued(_ interfaces: [NetworkInterface]) -> [NetworkInterface] {
    interfaces.reduce(into: []) { result, next in
      guard let place = result.firstIndex(where: { $0.index == next.index }) else { return result.append(next) }
      let first = result[place]
      result[place] = NetworkInterface(
        name: first.name, index: first.index, address: first.address ?? next.address, alias: first.alias ?? next.alias)
    }
  }

  /// The address in a kernel structure; nil if it is neither IPv4 nor IPv6.
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
