internal import CommonSupport
internal import CDatagram
import Glibc
import Synchronization

/// The receiving half of a ``MulticastSocket``: bound to the group's address and port, which it shares with other peers
/// of this machine. A member of the group on its own interfaces only.
final class GroupReceiver: Sendable {
  /// The actual size of the receive buffer in bytes; ``wantedBufferSize`` is the requested one.
  let bufferSize: Int
  static let wantedBufferSize = 4 << 20
  /// True if UDP_GRO is on: the kernel hands over coalesced datagrams. An older kernel hands over each datagram
  /// separately, and our own as well, which the check of the tag then recognizes.
  let isGROEnabled: Bool

  private let group: GroupAddress
  private let destination: SocketAddress
  private let sources: [SocketAddress]
  private let descriptor: Descriptor
  /// The interface numbers where the group is joined. A number that was joined twice is here twice.
  private let joined = Mutex<[UInt32]>([])

  /// Opens the socket, without joining the group.
  ///
  /// - Parameter sources: The only source addresses to receive from; empty for all.
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
    // Without this, Linux also delivers datagrams from every interface where any other process of the machine has
    // joined the group. Source: ip(7). For IPv6 it still delivers those of other interfaces: see `isAddressedToGroup`.
    if group.address.isIPv4 {
      try receiver.setOption(IPPROTO_IP, IP_MULTICAST_ALL, "IP_MULTICAST_ALL", to: no)
      try receiver.setOption(IPPROTO_IP, IP_PKTINFO, "IP_PKTINFO", to: yes)
    } else {
      try receiver.setOption(IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY", to: yes)
      try receiver.setOption(IPPROTO_IPV6, IPV6_MULTICAST_ALL, "IPV6_MULTICAST_ALL", to: no)
      try receiver.setOption(IPPROTO_IPV6, IPV6_RECVPKTINFO, "IPV6_RECVPKTINFO", to: yes)
    }
  }

  /// The descriptor that `poll` waits on for datagrams.
  var rawDescriptor: CInt { descriptor.rawValue }

  /// Makes the kernel discard datagrams sent from a port of this machine, if it can.
  ///
  /// - Returns: True if it does.
  func discard(from port: UInt16) -> Bool {
    cdatagram_discard_own(descriptor.rawValue, port) == 0
  }

  /// Binds to the group's port.
  func bind() throws(SystemError) {
    // Binding to a link-local group needs the number of its interface, which may change.
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

  /// Undoes one join on an interface; the last one leaves the group. Also works for an interface that is gone.
  func leave(_ interface: UInt32) {
    let isLeft = joined.withLock { joined in
      if let place = joined.firstIndex(of: interface) { joined.remove(at: place) }
      return !joined.contains(interface)
    }
    var group = destination
    if isLeft { _ = unsafe cdatagram_leave(descriptor.rawValue, interface, &group) }
  }

  /// True if a source filter is set.
  var isSelective: Bool { !sources.isEmpty }

  /// True if the group is joined on an interface.
  func isJoined(on interface: UInt32) -> Bool {
    joined.withLock { $0.contains(interface) }
  }

  /// True if a datagram was sent to the group and arrived on an interface where it is joined. For IPv4, the kernel
  /// ensures both.
  func isAddressedToGroup(_ slot: cdatagram_slot) -> Bool {
    if group.address.isIPv4 { return true }
    guard let to = unsafe slot.destination.endpoint?.address, to.inZone(0) == group.address else { return false }
    return unsafe isJoined(on: slot.interface)
  }

  /// The number of datagrams that the kernel has dropped, modulo 2^32; nil if it does not say. Source: socket(7),
  /// SO_MEMINFO.
  var dropped: UInt32? {
    let said = cdatagram_dropped(descriptor.rawValue)
    return said < 0 ? nil : UInt32(said)
  }
}
