internal import CDatagram
import Glibc
import SystemPackage

/// Queries the kernel for interfaces, addresses and routes, and receives notifications of their changes. One thread at
/// a time may use it. Source: netlink(7), rtnetlink(7).
struct Netlink: ~Copyable, Sendable {
  private let questions: Descriptor
  private let changes: Descriptor

  /// Opens both sockets.
  ///
  /// - Throws: ``SystemError`` if there are no descriptors left, or this process may not use netlink.
  init() throws(SystemError) {
    let questions = try Descriptor("socket(AF_NETLINK)", cnetlink_open())
    let changes = try Descriptor("socket(AF_NETLINK)", cnetlink_open_changes())
    self.questions = questions
    self.changes = changes
  }

  /// The kernel's route for a group.
  func route(for group: GroupAddress) -> GroupRoute {
    var destination = group.socketAddress()
    let index = unsafe cnetlink_route(questions.rawValue, &destination, 0)
    if index == -ENETUNREACH { return .none }
    guard index > 0, let link = link(numbered: UInt32(index)) else { return .nowhere }
    return .by(NetworkInterface(name: link.ownName, index: link.index))
  }

  /// True if the kernel has a route for a group on an interface, given by number.
  func hasRoute(for group: GroupAddress, by interface: UInt32) -> Bool {
    var destination = group.socketAddress()
    return unsafe cnetlink_route(questions.rawValue, &destination, interface) > 0
  }

  /// Drains the notifications. True if any concerns one of these interfaces, given by number; without numbers, if there
  /// was any.
  func haveChanged(_ interfaces: [UInt32]) -> Bool {
    unsafe interfaces.withUnsafeBufferPointer {
      unsafe cnetlink_take_changes(changes.rawValue, $0.baseAddress, UInt32($0.count)) != 0
    }
  }

  /// The interface with a name or altname now.
  func link(named name: String) -> cnetlink_link? {
    var link = cnetlink_link()
    return unsafe cnetlink_find(questions.rawValue, name, &link) == 0 ? link : nil
  }

  /// The interface with a number now.
  func link(numbered index: UInt32) -> cnetlink_link? {
    var link = cnetlink_link()
    return unsafe cnetlink_find_number(questions.rawValue, index, &link) == 0 ? link : nil
  }

  /// The source addresses of an interface for a group, the best first.
  func addresses(of index: UInt32, for group: GroupAddress) -> [IPAddress] {
    let capacity = 256
    return unsafe withUnsafeTemporaryAllocation(of: cnetlink_address.self, capacity: capacity) { list in
      let count = unsafe cnetlink_addresses(
        questions.rawValue, group.family, index, list.baseAddress.unsafelyUnwrapped, UInt32(capacity))
      let found = unsafe list.prefix(max(0, min(Int(count), capacity)))
      return unsafe found.filter(\.isUsable).sorted { $0.rank < $1.rank }.compactMap { $0.address.endpoint?.address }
    }
  }
}

extension cnetlink_link {
  /// The interface's own name, not an altname.
  var ownName: String { Self.text(of: name) }

  /// The kind, such as vlan; empty for a device.
  var ownKind: String { Self.text(of: kind) }

  /// The kind of its master, such as bridge; empty if it has none.
  var portKind: String { Self.text(of: port_kind) }

  private static func text<Characters: BitwiseCopyable>(of characters: Characters) -> String {
    unsafe withUnsafeBytes(of: characters) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  /// True if it is administratively up.
  var isUp: Bool { flags & UInt32(IFF_UP) != 0 }

  /// True if packets can pass: it is up, has a carrier, and is not dormant, as Wi-Fi is until it has authenticated.
  /// IFF_RUNNING says the same, up to a second later. Source: netdevice(7); <net/if.h> has no names for IFF_LOWER_UP
  /// and IFF_DORMANT.
  var hasCarrier: Bool {
    let (lowerUp, dormant): (UInt32, UInt32) = (1 << 16, 1 << 17)
    return isUp && flags & lowerUp != 0 && flags & dormant == 0
  }

  var isLoopback: Bool { flags & UInt32(IFF_LOOPBACK) != 0 }
}

extension cnetlink_address {
  // Source: <linux/if_addr.h>
  private static let (secondary, optimistic, duplicate, tentative): (UInt32, UInt32, UInt32, UInt32) = (1, 4, 8, 0x40)

  private var isIPv4: Bool { CInt(unsafe address.any.sa_family) == AF_INET }

  /// True if the address can be a source: the kernel has checked that nobody else has it. Source: RFC 4862 section 5.4,
  /// RFC 4429.
  fileprivate var isUsable: Bool {
    isIPv4 || flags & Self.duplicate == 0 && (flags & Self.tentative == 0 || flags & Self.optimistic != 0)
  }

  /// The kernel's order of preference for IPv4: the widest scope first, secondary addresses last.
  fileprivate var rank: UInt32 {
    isIPv4 ? (flags & Self.secondary) << 16 | scope : 0
  }
}
