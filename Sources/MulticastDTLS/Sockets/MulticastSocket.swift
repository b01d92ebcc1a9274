import CDatagram
import Glibc
import Synchronization
import SystemPackage

/// Sends to one multicast group on one interface, and receives from it on that and perhaps others, and on no other.
///
/// Two descriptors: one sends from a port of its own, so that a sender can be told by its address; the other is bound
/// to the group's address and port and shares them with the other peers of this machine. Any thread may send; only
/// the receive loop's receives. What this socket sends, it does not receive, where the kernel can tell.
final class MulticastSocket: Sendable {
  /// The group that was joined.
  let group: GroupAddress
  /// The UDP port that is sent from.
  let sourcePort: UInt16

  /// Whether the kernel keeps away from us what we send ourselves.
  let isDiscardingOwn: Bool
  /// The size of the receive buffer in bytes, and what was asked for.
  let receiveBuffer: Int
  static let wantedReceiveBuffer = 4 << 20

  private let sender: Descriptor
  private let receiver: Descriptor
  private let destination: SocketAddress
  private let sources: [SocketAddress]
  /// Where the group was joined; the first is sent on.
  private let memberships: Mutex<[Membership]>

  /// How batches are sent, until the kernel or the path refuses: then the next way, for good.
  enum Way: UInt8, AtomicRepresentable, CaseIterable {
    case segments, many, single
  }
  private let way: Atomic<Way>
  /// The most records that leave as segments of one, until the kernel turns out to be an older one.
  private let segmentLimit: Atomic<Int>
  /// Whether the kernel hands over what it has joined; what it has not, it discards one by one.
  private let isJoining: Bool
  /// How much of what was sent the kernel counts as dropped once it comes back and is discarded.
  private let discarded = Atomic(0)
  private let drops = Mutex(Drops())

  private struct Drops {
    /// What the kernel said last, which is modulo 2^32, and what that makes in all.
    var last: UInt32 = 0
    var all = 0
    /// How many of them were no datagrams of ours.
    var others = 0
  }

  private static let refusals: [Errno] = [.invalidArgument, .ioError, .messageTooLong, .notSupportedOnSocket]

  /// For how long a batch waits for room in the send buffer.
  private static let patience: CInt = 100

  private struct Membership {
    /// The interface when the group was joined.
    let interface: NetworkInterface
    /// Whether the interface was missing since then.
    var isAway = false
  }

  /// What `poll` waits on for datagrams.
  var receiveDescriptor: CInt { receiver.rawValue }

  /// Joins a group.
  ///
  /// - Parameters:
  ///   - interfaces: Where to join; the first is sent on. At least one.
  ///   - sources: The only addresses to hear; none hears all.
  ///   - timeToLive: The TTL or hop limit of what is sent: 0 stays on this machine, 1 on the local network.
  ///   - isLooping: Whether other sockets of this machine hear what is sent; on loopback they do anyway.
  ///   - isReceiving: Whether to join the group at all.
  ///   - way: How to send batches at first.
  ///   - segmentLimit: How many records to send as segments of one at first.
  /// - Throws: ``NetworkError`` if the group cannot be joined there; ``SystemError`` if there are no sockets.
  init(
    group: GroupAddress, interfaces: [NetworkInterface], sources: [IPAddress] = [], timeToLive: UInt8,
    isLooping: Bool = true, isReceiving: Bool = true, way: Way = .segments,
    segmentLimit: Int = SegmentRun.maximumCount
  ) throws {
    let interfaces = interfaces.eachOnce
    guard let first = interfaces.first else {
      throw NetworkError("there is no interface to join \(group) on: name one")
    }
    if let other = sources.first(where: { $0.isIPv4 != group.address.isIPv4 }) {
      throw NetworkError("the source \(other) cannot send to \(group): one is an IPv4 address, and the other IPv6")
    }
    try Self.checkLoopbackRoute(group, first)
    self.group = group
    self.way = Atomic(way)
    self.segmentLimit = Atomic(segmentLimit)
    self.sources = sources.eachOnce.map { SocketAddress($0, port: 0) }
    destination = group.socketAddress()
    memberships = Mutex(interfaces.map { Membership(interface: $0) })

    var present = first
    do throws(SystemError) {
      sender = try .udpSocket(group.family)
      receiver = try .udpSocket(group.family)
      try Self.prepare(sender, group, timeToLive: timeToLive, isLooping: isLooping)
      // So that the port is known before anything is sent.
      sourcePort = try sender.bindToFreePort(group.family)

      try Self.prepare(receiver, group)
      receiveBuffer = Int(max(0, cdatagram_receive_buffer(receiver.rawValue, CInt(Self.wantedReceiveBuffer))))
      // An older kernel hands over each datagram by itself, and our own ones, which are then known by their tags.
      isJoining = cdatagram_receive_joined(receiver.rawValue) == 0
      // Only where they surely come back: what is discarded counts as dropped, and must be taken off again.
      let comesBack = sources.isEmpty && (isLooping || first.isLoopback)
      isDiscardingOwn = comesBack && cdatagram_discard_own(receiver.rawValue, sourcePort) == 0
      try chooseInterface(first.index)
      if isReceiving {
        // A group of a link's own cannot be bound to without the number of its interface, which may change.
        try receiver.bind(
          to: group.address.hasZone ? SocketAddress(anyOf: group.family, port: group.port) : destination)
        for interface in interfaces {
          present = interface
          try join(interface)
        }
      }
    } catch {
      throw NetworkError(
        "cannot use group \(group) on interface \(present.name): \(error); try another interface or group"
      )
    }
  }

  private static func prepare(
    _ sender: borrowing Descriptor, _ group: GroupAddress, timeToLive: UInt8, isLooping: Bool
  ) throws(SystemError) {
    let (hops, loop) = (CInt(timeToLive), CInt(isLooping ? 1 : 0))
    if group.address.isIPv4 {
      try sender.setOption(IPPROTO_IP, IP_MULTICAST_TTL, "IP_MULTICAST_TTL", to: hops)
      try sender.setOption(IPPROTO_IP, IP_MULTICAST_LOOP, "IP_MULTICAST_LOOP", to: loop)
    } else {
      try sender.setOption(IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY", to: CInt(1))
      try sender.setOption(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, "IPV6_MULTICAST_HOPS", to: hops)
      try sender.setOption(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, "IPV6_MULTICAST_LOOP", to: loop)
    }
    // Nobody reads what strangers send to the sender's own port: keep the least of it that the kernel lets us.
    try sender.setOption(Int(SOL_SOCKET), SO_RCVBUF, "SO_RCVBUF", to: CInt(0))
  }

  private static func prepare(_ receiver: borrowing Descriptor, _ group: GroupAddress) throws(SystemError) {
    let (yes, no) = (CInt(1), CInt(0))
    try receiver.setOption(Int(SOL_SOCKET), SO_REUSEADDR, "SO_REUSEADDR", to: yes)
    // Only where this socket joined: without this, Linux also gives it what comes in wherever any other process of the
    // machine has joined the group. Source: ip(7). For IPv6 it does so in spite of it, on other interfaces: see `isMeant`.
    if group.address.isIPv4 {
      try receiver.setOption(IPPROTO_IP, IP_MULTICAST_ALL, "IP_MULTICAST_ALL", to: no)
      try receiver.setOption(IPPROTO_IP, IP_PKTINFO, "IP_PKTINFO", to: yes)
    } else {
      try receiver.setOption(IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY", to: yes)
      try receiver.setOption(IPPROTO_IPV6, IPV6_MULTICAST_ALL, "IPV6_MULTICAST_ALL", to: no)
      try receiver.setOption(IPPROTO_IPV6, IPV6_RECVPKTINFO, "IPV6_RECVPKTINFO", to: yes)
    }
  }

  /// Loopback takes IPv6 multicast only where somebody has given it a route.
  private static func checkLoopbackRoute(_ group: GroupAddress, _ interface: NetworkInterface) throws(NetworkError) {
    guard !group.address.isIPv4, interface.isLoopback else { return }
    var destination = group.socketAddress()
    guard unsafe cdatagram_route_interface(&destination, interface.index) < 0 else { return }
    throw NetworkError(
      "loopback has no route for IPv6 multicast, such as \(group): choose another interface, or give it one, as root: "
        + "ip -6 route add local ff00::/8 dev \(interface.name) table local")
  }

  /// Whether a datagram came in where the group was joined, and was sent to the group. For IPv4, the kernel sees to both.
  func isMeant(_ slot: cdatagram_slot) -> Bool {
    if group.address.isIPv4 { return true }
    guard let to = unsafe slot.destination.endpoint?.address, to.inZone(0) == group.address else { return false }
    let interface = unsafe slot.interface
    return memberships.withLock { $0.contains { $0.interface.index == interface } }
  }

  /// How batches are sent now.
  var presentWay: Way {
    way.load(ordering: .relaxed)
  }

  /// How many records leave as segments of one now.
  var presentSegmentLimit: Int {
    segmentLimit.load(ordering: .relaxed)
  }

  /// Sends one record as one datagram.
  ///
  /// - Throws: ``SystemError`` if the network does not take it now, for instance because its interface is down.
  func send(_ record: UnsafeRawBufferPointer) throws(SystemError) {
    // Unconnected, so that the source address is that of the interface as it is now; without waiting, so that an
    // interface whose queue does not move holds up nobody.
    _ = try handOver(1, "sendto") {
      var destination = destination
      return unsafe cdatagram_send(sender.rawValue, record.baseAddress, record.count, &destination)
    }
  }

  /// Sends the records of a batch, each as one datagram, with as few calls as the kernel allows.
  ///
  /// A lone record does not wait. For more, a full buffer is waited for, for a moment.
  ///
  /// - Returns: How many were sent: the first ones of the batch, all if none failed.
  func send(_ batch: borrowing SendBatch) -> (sent: Int, failure: SystemError?) {
    unsafe batch.withRecords { bytes, sizes in
      var (sent, offset) = (0, 0)
      while sent < sizes.count {
        do throws(SystemError) {
          let count = try unsafe sendSome(bytes + offset, UnsafeBufferPointer(rebasing: sizes[sent...]))
          for index in sent..<(sent + count) { offset += Int(unsafe sizes[index]) }
          sent += count
        } catch {
          guard sizes.count > 1, error.errno == .wouldBlock || error.errno == .noBufferSpace,
            cdatagram_wait_to_send(sender.rawValue, Self.patience) != 0
          else { return (sent, error) }
        }
      }
      return (sent, nil)
    }
  }

  /// Sends at least the first of some records, in the best way that works, and says how many.
  private func sendSome(
    _ bytes: UnsafeRawPointer, _ sizes: UnsafeBufferPointer<UInt16>
  ) throws(SystemError) -> Int {
    var destination = destination
    switch sizes.count == 1 ? .single : presentWay {
    case .segments:
      let run = unsafe SegmentRun(sizes.span, from: 0, limit: presentSegmentLimit)
      do throws(SystemError) {
        _ = try handOver(isJoining ? 1 : run.count, "sendmsg") {
          unsafe cdatagram_send_segments(sender.rawValue, bytes, run.byteCount, sizes[0], &destination)
        }
        return run.count
      } catch {
        // What the kernel says where it knows fewer segments or none, the device cannot have them, or the path is too narrow
        // for one: a datagram by itself goes there, if in fragments.
        guard Self.refusals.contains(error.errno) else { throw error }
        if run.count > SegmentRun.formerMaximumCount {
          segmentLimit.store(SegmentRun.formerMaximumCount, ordering: .relaxed)
        } else {
          way.store(.many, ordering: .relaxed)
        }
      }
    case .many:
      do throws(SystemError) {
        return try handOver(sizes.count, "sendmmsg") {
          unsafe cdatagram_send_many(
            sender.rawValue, bytes, sizes.baseAddress.unsafelyUnwrapped, UInt32(sizes.count), &destination)
        }
      } catch {
        guard error.errno == .noFunction || error.errno == .notPermitted else { throw error }
        way.store(.single, ordering: .relaxed)
      }
    case .single:
      try unsafe send(UnsafeRawBufferPointer(start: bytes, count: Int(sizes[0])))
      return 1
    }
    return try unsafe sendSome(bytes, sizes)
  }

  /// Hands something over to the kernel, which may count as many as `count` of it as dropped before this returns.
  ///
  /// - Returns: What the call returned: 0, or how many of them were sent.
  private func handOver(_ count: Int, _ call: String, _ send: () -> CInt) throws(SystemError) -> Int {
    discarded.add(count, ordering: .relaxed)
    let result = send()
    let unsent = result < 0 ? count : result == 0 ? 0 : count - Int(result)
    if unsent > 0 { discarded.subtract(unsent, ordering: .relaxed) }
    guard result >= 0 else { throw SystemError(call, -result) }
    return Int(result)
  }

  /// How many datagrams the kernel has dropped, since they came faster than they were taken; several that came as one count
  /// as one. Source: socket(7), SO_MEMINFO.
  ///
  /// The kernel counts our own among them, which it discards; they are taken off. Of what is sent just now, as many drops
  /// may be told a moment later.
  var droppedByKernel: Int {
    drops.withLock { drops in
      let said = cdatagram_dropped(receiver.rawValue)
      guard said >= 0 else { return drops.others }
      // Read after it, so that it is no less than those of ours that the kernel has counted.
      let own = isDiscardingOwn ? discarded.load(ordering: .sequentiallyConsistent) : 0
      drops.all += Int(UInt32(said) &- drops.last)
      drops.last = UInt32(said)
      // What was sent and did not come back must not make it fewer than before.
      drops.others = max(drops.others, drops.all - own)
      return drops.others
    }
  }

  /// Joins again where an interface has been away and is back, under its old number or another. Nothing happens while
  /// it is away, or was not.
  ///
  /// - Returns: The names of the interfaces where the group was joined again.
  func rejoinReturned() -> [String] {
    memberships.withLock { memberships in
      var names: [String] = []
      for index in memberships.indices {
        let former = memberships[index].interface
        guard let interface = NetworkInterface(current: former.name) else {
          memberships[index].isAway = true
          continue
        }
        guard memberships[index].isAway || interface != former else { continue }
        // The kernel has forgotten the membership, but not that this socket asked for it.
        var group = destination
        _ = unsafe cdatagram_leave(receiver.rawValue, former.index, &group)
        // Not ready yet (without an address, say): the next round tries again.
        do {
          if index == 0 { try chooseInterface(interface.index) }
          try join(interface)
        } catch {
          continue
        }
        memberships[index] = Membership(interface: interface)
        names.append(interface.name)
      }
      return names
    }
  }

  private func chooseInterface(_ interfaceIndex: UInt32) throws(SystemError) {
    if group.address.isIPv4 {
      let request = ip_mreqn(imr_multiaddr: in_addr(), imr_address: in_addr(), imr_ifindex: CInt(interfaceIndex))
      try sender.setOption(IPPROTO_IP, IP_MULTICAST_IF, "IP_MULTICAST_IF", to: request)
    } else {
      try sender.setOption(IPPROTO_IPV6, IPV6_MULTICAST_IF, "IPV6_MULTICAST_IF", to: CInt(interfaceIndex))
    }
  }

  private func join(_ interface: NetworkInterface) throws(SystemError) {
    var group = destination
    if sources.isEmpty {
      let result = unsafe cdatagram_join(receiver.rawValue, interface.index, &group, nil)
      guard result == 0 else { throw SystemError("setsockopt(MCAST_JOIN_GROUP)", -result) }
    }
    for var source in sources {
      let result = unsafe cdatagram_join(receiver.rawValue, interface.index, &group, &source)
      guard result == 0 else { throw SystemError("setsockopt(MCAST_JOIN_SOURCE_GROUP)", -result) }
    }
  }
}

extension MulticastSocket {
  /// Joins a group on one interface.
  convenience init(
    group: GroupAddress, interface: NetworkInterface, timeToLive: UInt8, isReceiving: Bool = true, way: Way = .segments,
    segmentLimit: Int = SegmentRun.maximumCount
  ) throws {
    try self.init(
      group: group, interfaces: [interface], timeToLive: timeToLive, isReceiving: isReceiving, way: way,
      segmentLimit: segmentLimit)
  }
}
