import CDatagram
import Glibc
import Synchronization

/// The half of a ``MulticastSocket`` that receives: bound to the group's address and port, which it shares with the other peers
/// of this machine, and a member of the group on some interfaces and no other.
final class GroupReceiver: Sendable {
  /// The size of the receive buffer in bytes, and what was asked for.
  let bufferSize: Int
  static let wantedBufferSize = 4 << 20
  /// Whether the kernel hands over what it has joined. An older one hands over each datagram by itself, and our own ones,
  /// which are then known by their tags.
  let isGROEnabled: Bool

  private let group: GroupAddress
  private let destination: SocketAddress
  private let sources: [SocketAddress]
  private let descriptor: Descriptor
  /// The numbers of the interfaces where the group is joined; one that was joined twice is here twice.
  private let joined = Mutex<[UInt32]>([])

  /// Opens the socket. It is a member of nothing yet.
  ///
  /// - Parameter sources: The only addresses to hear; none hears all.
  init(_ group: GroupAddress, sources: [IPAddress]) throws(SystemError) {
    let descriptor = try Descriptor.udpSocket(group.family)
    try Self.prepare(descriptor, group)
    bufferSize = Int(max(0, cdatagram_receive_buffer(descriptor.rawValue, CInt(Self.wantedBufferSize))))
    isGROEnabled = cdatagram_enable_gro(descriptor.rawValue) == 0
    self.descriptor = descriptor
    self.group = group
    destination = group.socketAddress()
    self.sources = sources.uniqued().map { SocketAddress($0, port: 0) }
  }

  private static func prepare(_ receiver: borrowing Descriptor, _ group: GroupAddress) throws(SystemError) {
    let (yes, no) = (CInt(1), CInt(0))
    try receiver.setOption(Int(SOL_SOCKET), SO_REUSEADDR, "SO_REUSEADDR", to: yes)
    // Only where this socket joined: without this, Linux also gives it what comes in wherever any other process of the
    // machine has joined the group. Source: ip(7). For IPv6 it does so in spite of it, on other interfaces: see `isAddressedToGroup`.
    if group.address.isIPv4 {
      try receiver.setOption(IPPROTO_IP, IP_MULTICAST_ALL, "IP_MULTICAST_ALL", to: no)
      try receiver.setOption(IPPROTO_IP, IP_PKTINFO, "IP_PKTINFO", to: yes)
    } else {
      try receiver.setOption(IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY", to: yes)
      try receiver.setOption(IPPROTO_IPV6, IPV6_MULTICAST_ALL, "IPV6_MULTICAST_ALL", to: no)
      try receiver.setOption(IPPROTO_IPV6, IPV6_RECVPKTINFO, "IPV6_RECVPKTINFO", to: yes)
    }
  }

  /// What `poll` waits on for datagrams.
  var rawDescriptor: CInt { descriptor.rawValue }

  /// Keeps away what is sent from a port of this machine, where the kernel can.
  ///
  /// - Returns: Whether it does.
  func discard(from port: UInt16) -> Bool {
    cdatagram_discard_own(descriptor.rawValue, port) == 0
  }

  /// Takes what comes to the group's port.
  func bind() throws(SystemError) {
    // A group of a link's own cannot be bound to without the number of its interface, which may change.
    try descriptor.bind(
      to: group.address.hasZone ? SocketAddress(anyOf: group.family, port: group.port) : destination)
  }

  /// Joins the group on an interface, as a whole or not at all. One thread at a time may join and leave.
  func join(_ interface: UInt32) throws(SystemError) {
    var group = destination
    if joined.withLock({ joined in
      if joined.contains(interface) { joined.append(interface) }
      return joined.contains(interface)
    }) {
      return
    }
    do throws(SystemError) {
      if sources.isEmpty {
        let result = unsafe cdatagram_join(descriptor.rawValue, interface, &group, nil)
        guard result == 0 else { throw SystemError("setsockopt(MCAST_JOIN_GROUP)", -result) }
      }
      for var source in sources {
        let result = unsafe cdatagram_join(descriptor.rawValue, interface, &group, &source)
        guard result == 0 else { throw SystemError("setsockopt(MCAST_JOIN_SOURCE_GROUP)", -result) }
      }
    } catch {
      if !sources.isEmpty { _ = unsafe cdatagram_leave(descriptor.rawValue, interface, &group) }
      throw error
    }
    joined.withLock { $0.append(interface) }
  }

  /// Leaves the group on an interface, also on one that is gone, as often as it was joined.
  func leave(_ interface: UInt32) {
    let isLeft = joined.withLock { joined in
      if let place = joined.firstIndex(of: interface) { joined.remove(at: place) }
      return !joined.contains(interface)
    }
    var group = destination
    if isLeft { _ = unsafe cdatagram_leave(descriptor.rawValue, interface, &group) }
  }

  /// True if it hears single source addresses only.
  var isSelective: Bool { !sources.isEmpty }

  /// True if the group is joined on an interface.
  func isJoined(on interface: UInt32) -> Bool {
    joined.withLock { $0.contains(interface) }
  }

  /// Whether a datagram came in where the group was joined, and was sent to the group. For IPv4, the kernel sees to both.
  func isAddressedToGroup(_ slot: cdatagram_slot) -> Bool {
    if group.address.isIPv4 { return true }
    guard let to = unsafe slot.destination.endpoint?.address, to.inZone(0) == group.address else { return false }
    return unsafe isJoined(on: slot.interface)
  }

  /// How many datagrams the kernel has dropped, modulo 2^32; nil if it does not say. Source: socket(7), SO_MEMINFO.
  var dropped: UInt32? {
    let said = cdatagram_dropped(descriptor.rawValue)
    return said < 0 ? nil : UInt32(said)
  }
}
