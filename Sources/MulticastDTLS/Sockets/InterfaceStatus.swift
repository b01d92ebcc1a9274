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
  /// Its addresses.
  package fileprivate(set) var addresses: [IPAddress]

  /// netdevice(7): set while there is a carrier. IFF_RUNNING follows it up to a second later. <net/if.h> has no name for it.
  private static let lowerUp = 1 << 16

  /// All interfaces, in the kernel's order.
  package static func all() -> [InterfaceStatus] {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard unsafe getifaddrs(&list) == 0 else { return [] }
    defer { unsafe freeifaddrs(list) }
    var result: [InterfaceStatus] = []
    var next = unsafe list
    while let entry = unsafe next?.pointee {
      unsafe next = entry.ifa_next
      guard let text = unsafe entry.ifa_name else { continue }
      let (name, flags) = unsafe (String(cString: text), Int(entry.ifa_flags))
      if !result.contains(where: { $0.name == name }) {
        result.append(
          InterfaceStatus(
            name: name, isUp: flags & Int(IFF_UP) != 0, hasCarrier: flags & lowerUp != 0,
            takesMulticast: flags & Int(IFF_MULTICAST | IFF_LOOPBACK) != 0,
            isLoopback: flags & Int(IFF_LOOPBACK) != 0, addresses: []))
      }
      guard let address = unsafe entry.ifa_addr.flatMap({ unsafe NetworkInterface.address($0) }),
        let index = result.firstIndex(where: { $0.name == name })
      else { continue }
      result[index].addresses.append(address)
    }
    return result
  }
}
