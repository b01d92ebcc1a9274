import Glibc

/// What the kernel says of an interface. Source: getifaddrs(3), netdevice(7).
package struct InterfaceStatus: Hashable, Sendable {
  /// Its name, as in eth0.
  package let name: String
  /// Whether somebody has set it up, and whether it has a carrier, such as a cable.
  package let isUp: Bool
  package let hasCarrier: Bool
  /// Whether it takes multicast; loopback does, though it does not say so.
  package let takesMulticast: Bool
  /// Whether it is loopback.
  package let isLoopback: Bool
  /// True if it leads to one other machine, as a tunnel does.
  package let isPointToPoint: Bool
  /// The bridge, bond or VRF that it belongs to, and the kind of that; nil for most.
  package fileprivate(set) var master: Master?
  /// The interface that it is made of, as a VLAN is; nil for most.
  package fileprivate(set) var below: String?
  /// Its addresses.
  package fileprivate(set) var addresses: [IPAddress]

  /// An interface to which others belong.
  package struct Master: Hashable, Sendable {
    /// Its name, as in br0.
    package let name: String
    /// Its kind, as ip-link(8) has it: bridge, bond, team, vrf.
    package let kind: String
  }

  /// True if what comes in by it goes to another interface, such as its bridge; a VRF leaves it in its place.
  package var isPort: Bool { master.map { $0.kind != "vrf" } ?? false }

  /// netdevice(7): set while there is a carrier. IFF_RUNNING follows it up to a second later. <net/if.h> has no name for it.
  private static let lowerUp = 1 << 16

  /// All interfaces, in the kernel's order.
  ///
  /// - Parameter withTies: Whether to find ``master`` and ``below``, which takes a question for each.
  package static func all(withTies: Bool = false) -> [InterfaceStatus] {
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

  /// Finds what it belongs to, and what it is made of.
  private mutating func tie(_ netlink: borrowing Netlink) {
    guard let link = netlink.link(named: name) else { return }
    if link.master != 0, let master = netlink.link(numbered: link.master) {
      self.master = Master(name: master.ownName, kind: link.portKind.isEmpty ? master.ownKind : link.portKind)
    }
    if link.below != 0 { below = netlink.link(numbered: link.below)?.ownName }
  }
}
