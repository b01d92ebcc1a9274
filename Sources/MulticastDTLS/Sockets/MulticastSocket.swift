import CDatagram
import Glibc
import Synchronization

/// Sends to one IPv4 multicast group, and receives from it, on one interface and no other.
///
/// Two descriptors: one sends from a port of its own, so that a sender can be told by its address; the other is bound
/// to the group's address and port and shares them with the other peers of this machine. Any thread may send; only
/// the receive loop's receives.
final class MulticastSocket: Sendable {
  /// The group that was joined.
  let group: GroupAddress
  /// The name of the interface that it was joined on.
  let interfaceName: String
  /// The UDP port that is sent from.
  let sourcePort: UInt16

  private let sender: Descriptor
  private let receiver: Descriptor
  private let membership: Mutex<Membership>

  private struct Membership {
    /// The number of the interface when the group was joined.
    let interfaceIndex: UInt32
    /// Whether the interface was missing since then.
    var isAway = false
  }

  /// What `poll` waits on for datagrams.
  var receiveDescriptor: CInt { receiver.rawValue }

  /// Joins a group.
  ///
  /// - Parameter timeToLive: The TTL of what is sent: 0 stays on this machine, 1 on the local network.
  /// - Throws: ``NetworkError`` if the group cannot be joined there; ``SystemError`` if there are no sockets.
  init(group: GroupAddress, interface: NetworkInterface, timeToLive: UInt8) throws {
    self.group = group
    interfaceName = interface.name
    membership = Mutex(Membership(interfaceIndex: interface.index))
    sender = try .udpSocket()
    receiver = try .udpSocket()

    do throws(SystemError) {
      try sender.setOption(IPPROTO_IP, IP_MULTICAST_TTL, "IP_MULTICAST_TTL", to: CInt(timeToLive))
      try sender.setOption(IPPROTO_IP, IP_MULTICAST_LOOP, "IP_MULTICAST_LOOP", to: CInt(1))
      // Nobody reads what strangers send to the sender's own port: keep the least of it that the kernel lets us.
      try sender.setOption(Int(SOL_SOCKET), SO_RCVBUF, "SO_RCVBUF", to: CInt(0))

      // So that the port is known before anything is sent.
      sourcePort = try sender.bindToFreePort()

      try receiver.setOption(Int(SOL_SOCKET), SO_REUSEADDR, "SO_REUSEADDR", to: CInt(1))
      // Only on the interface where this socket joined: without this, Linux also gives it what comes in wherever any
      // other process of the machine has joined the group. Source: ip(7).
      try receiver.setOption(IPPROTO_IP, IP_MULTICAST_ALL, "IP_MULTICAST_ALL", to: CInt(0))
      // The kernel says with each datagram how many it had to drop; without that, one number in the counters is missing.
      try? receiver.setOption(Int(SOL_SOCKET), SO_RXQ_OVFL, "SO_RXQ_OVFL", to: CInt(1))
      try receiver.bind(to: group.socketAddress)
      try join(interfaceIndex: interface.index)
    } catch {
      throw NetworkError(
        "cannot use group \(group) on interface \(interface.name): \(error); try another interface or group"
      )
    }
  }

  /// Sends one record as one datagram.
  ///
  /// - Throws: ``SystemError`` if the network does not take it now, for instance because its interface is down.
  func send(_ record: UnsafeRawBufferPointer) throws(SystemError) {
    // Unconnected, so that the source address is that of the interface as it is now; without waiting, so that an
    // interface whose queue does not move holds up nobody.
    let result = unsafe cdatagram_send(sender.rawValue, record.baseAddress, record.count, group.socketAddress)
    guard result == 0 else { throw SystemError("sendto", -result) }
  }

  /// Joins again when the interface has been away and is back, under its old number or another. Nothing happens while
  /// it is away, or was not.
  ///
  /// - Returns: Whether the group was joined again.
  func rejoinIfInterfaceReturned() -> Bool {
    membership.withLock { membership in
      guard let interface = NetworkInterface(current: interfaceName) else {
        membership.isAway = true
        return false
      }
      guard membership.isAway || interface.index != membership.interfaceIndex else { return false }
      // The kernel has forgotten the membership, but not that this socket asked for it.
      try? receiver.setOption(
        IPPROTO_IP, IP_DROP_MEMBERSHIP, "IP_DROP_MEMBERSHIP", to: request(membership.interfaceIndex))
      // Not ready yet (without an address, say): the next round tries again.
      guard (try? join(interfaceIndex: interface.index)) != nil else { return false }
      membership = Membership(interfaceIndex: interface.index)
      return true
    }
  }

  private func join(interfaceIndex: UInt32) throws(SystemError) {
    try sender.setOption(IPPROTO_IP, IP_MULTICAST_IF, "IP_MULTICAST_IF", to: request(interfaceIndex))
    try receiver.setOption(IPPROTO_IP, IP_ADD_MEMBERSHIP, "IP_ADD_MEMBERSHIP", to: request(interfaceIndex))
  }

  private func request(_ interfaceIndex: UInt32) -> ip_mreqn {
    ip_mreqn(imr_multiaddr: group.address.inAddr, imr_address: in_addr(), imr_ifindex: CInt(interfaceIndex))
  }
}
