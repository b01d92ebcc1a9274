import CDatagram
import Glibc
import Synchronization
import SystemPackage

/// Sends to one IPv4 multicast group, and receives from it, on one interface and no other.
///
/// Two descriptors: one sends from a port of its own, so that a sender can be told by its address; the other is bound
/// to the group's address and port and shares them with the other peers of this machine. Any thread may send; only
/// the receive loop's receives. What this socket sends, it does not receive, where the kernel can tell.
final class MulticastSocket: Sendable {
  /// The group that was joined.
  let group: GroupAddress
  /// The name of the interface that it was joined on.
  let interfaceName: String
  /// The UDP port that is sent from.
  let sourcePort: UInt16

  /// Whether the kernel keeps away from us what we send ourselves.
  let isDiscardingOwn: Bool
  /// The size of the receive buffer in bytes, and what was asked for.
  let receiveBuffer: Int
  static let wantedReceiveBuffer = 4 << 20

  private let sender: Descriptor
  private let receiver: Descriptor
  private let membership: Mutex<Membership>

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
    /// The number of the interface when the group was joined.
    let interfaceIndex: UInt32
    /// Whether the interface was missing since then.
    var isAway = false
  }

  /// What `poll` waits on for datagrams.
  var receiveDescriptor: CInt { receiver.rawValue }

  /// Joins a group.
  ///
  /// - Parameters:
  ///   - timeToLive: The TTL of what is sent: 0 stays on this machine, 1 on the local network.
  ///   - isReceiving: Whether to join the group at all.
  ///   - way: How to send batches at first.
  ///   - segmentLimit: How many records to send as segments of one at first.
  /// - Throws: ``NetworkError`` if the group cannot be joined there; ``SystemError`` if there are no sockets.
  init(
    group: GroupAddress, interface: NetworkInterface, timeToLive: UInt8, isReceiving: Bool = true, way: Way = .segments,
    segmentLimit: Int = SegmentRun.maximumCount
  ) throws {
    self.group = group
    self.way = Atomic(way)
    self.segmentLimit = Atomic(segmentLimit)
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
      receiveBuffer = Int(max(0, cdatagram_receive_buffer(receiver.rawValue, CInt(Self.wantedReceiveBuffer))))
      // An older kernel hands over each datagram by itself, and our own ones, which are then known by their tags.
      isJoining = cdatagram_receive_joined(receiver.rawValue) == 0
      isDiscardingOwn = cdatagram_discard_own(receiver.rawValue, sourcePort) == 0
      if isReceiving {
        try receiver.bind(to: group.socketAddress)
        try join(interfaceIndex: interface.index)
      } else {
        try chooseInterface(interface.index)
      }
    } catch {
      throw NetworkError(
        "cannot use group \(group) on interface \(interface.name): \(error); try another interface or group"
      )
    }
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
      unsafe cdatagram_send(sender.rawValue, record.baseAddress, record.count, group.socketAddress)
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
    let destination = group.socketAddress
    switch sizes.count == 1 ? .single : presentWay {
    case .segments:
      let run = unsafe SegmentRun(sizes.span, from: 0, limit: presentSegmentLimit)
      do throws(SystemError) {
        _ = try handOver(isJoining ? 1 : run.count, "sendmsg") {
          unsafe cdatagram_send_segments(sender.rawValue, bytes, run.byteCount, sizes[0], destination)
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
            sender.rawValue, bytes, sizes.baseAddress.unsafelyUnwrapped, UInt32(sizes.count), destination)
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

  private func chooseInterface(_ interfaceIndex: UInt32) throws(SystemError) {
    try sender.setOption(IPPROTO_IP, IP_MULTICAST_IF, "IP_MULTICAST_IF", to: request(interfaceIndex))
  }

  private func join(interfaceIndex: UInt32) throws(SystemError) {
    try chooseInterface(interfaceIndex)
    try receiver.setOption(IPPROTO_IP, IP_ADD_MEMBERSHIP, "IP_ADD_MEMBERSHIP", to: request(interfaceIndex))
  }

  private func request(_ interfaceIndex: UInt32) -> ip_mreqn {
    ip_mreqn(imr_multiaddr: group.address.inAddr, imr_address: in_addr(), imr_ifindex: CInt(interfaceIndex))
  }
}
