import Glibc

/// The kernel's description of an interface. Source: getifaddrs(3), netdevice(7).
public struct InterfaceStatus: Hashable, Sendable {
  /// The name, as in eth0.
  public let name: String
  /// True if it is administratively up.
  public let isUp: Bool
  /// True if it has a carrier, such as a cable.
  public let hasCarrier: Bool
  /// True if it supports multicast. Loopback does, although it lacks the flag.
  public let takesMulticast: Bool
  /// True if it is loopback.
  public let isLoopback: Bool
  /// True if it leads to one other machine, as a tunnel does.
  public let isPointToPoint: Bool
  /// The bridge, bond or VRF that it belongs to; nil for most.
  public fileprivate(set) var master: Master?
  /// The name of the interface that it is built on, as a VLAN is; nil for most.
  public fileprivate(set) var below: String?
  /// Its addresses.
  public fileprivate(set) var addresses: [IPAddress]

  /// An interface that others belong to.
  public struct Master: Hashable, Sendable {
    /// The name, as in br0.
    public let name: String
    /// The kind, as in ip-link(8): bridge, bond, team, vrf.
    public let kind: String
  }

  /// True if packets that it receives go to another interface, such as its bridge. The port of a VRF keeps them.
  public var isPort: Bool { master.map { $0.kind != "vrf" } ?? false }

  /// netdevice(7): set while there is a carrier. IFF_RUNNING follows up to a second later. <net/if.h> has no name for
  /// it.
  private static let lowerUp = 1 << 16

  /// All interfaces, in the kernel's order.
  ///
  /// - Parameter withTies: True to find ``master`` and ``below``, which takes a netlink query each.
  public static func all(withTies: Bool = false) -> [InterfaceStatus] {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard unsafe getifaddrs(&list) == 0 else { return [] }
    defer { unsafe freeifaddrs(list) }
    var result: [InterfaceStatus] = []
    var next = unsafe list
    while let entry = unsafe next?.pointee {
      unsafe next = entry.ifa_next
      guard let text = unsafe entry.ifa_name else { continue }
      // An address may have a label, as in eth0:1; no name has a colon. Source: ip-address(8).
      let name = unsafe String(String(cString: text).prefix { $0 != ":" })
      let flags = unsafe Int(entry.ifa_flags)
      if !result.contains(where: { $0.name == name }) {
        result.append(
          InterfaceStatus(
            name: name, isUp: flags & Int(IFF_UP) != 0, hasCarrier: flags & lowerUp != 0,
            takesMulticast: flags & Int(IFF_MULTICAST | IFF_LOOPBACK) != 0,
            isLoopback: flags & Int(IFF_LOOPBACK) != 0, isPointToPoint: flags & Int(IFF_POINTOPOINT) != 0,
            addresses: []))
      }
      guard let address = unsafe entry.ifa_addr.flatMap({ unsafe NetworkInterface.address($0) }),
        let index = result.firstIndex(where: { $0.name == name })
      else { continue }
      result[index].addresses.append(address)
    }
    if withTies, let netlink = try? Netlink() {
      for index in result.indices { result[index].tie(netlink) }
    }
    return result
  }

  /// Finds ``master`` and ``below``.
  private mutating func tie(_ netlink: borrowing Netlink) {
    guard let link = netlink.link(named: name) else { return }
    if link.master != 0, let master = netlink.link(numbered: link.master) {
      self.master = Master(name: master.ownName, kind: link.portKind.isEmpty ? master.ownKind : link.portKind)
    }
    if link.below != 0 { below = netlink.link(numbered: link.below)?.ownName }
  }
}
