import CDatagram
import Glibc
import Synchronization
import SystemPackage

/// The half of a ``MulticastSocket`` that sends: from a port of its own, to one group, on one interface at a time. Any thread
/// may send.
final class GroupSender: Sendable {
  /// The UDP port that is sent from.
  let port: UInt16

  private let group: GroupAddress
  private let destination: SocketAddress
  private let descriptor: Descriptor
  /// The IPv6 address that was named to send from, if one was: the kernel is told with each message. That of IPv4 it keeps.
  private let namedSource: SocketAddress?
  /// The number of the interface that is sent on.
  private let interface = Atomic<UInt32>(0)
  /// The error of whoever sends while nothing may leave; 0 if it may.
  private let obstacle = Atomic<CInt>(0)

  /// How batches are sent, until the kernel or the path refuses: then the next way, for good.
  enum SendMode: UInt8, AtomicRepresentable, CaseIterable {
    case segments, many, single
  }
  private let activeMode: Atomic<SendMode>
  private let initialMode: SendMode
  /// The most records that leave as segments of one, until the kernel turns out to be an older one.
  private let activeSegmentLimit: Atomic<Int>
  private let initialSegmentLimit: Int
  /// Whether the kernel hands over what it has joined; what it has not, it discards one by one.
  private let isGROEnabled: Bool
  /// True if what is sent comes back: this process is a member of the group on the interface that is sent on.
  private let isReturning = Atomic(true)
  /// How much of what was sent the kernel counts as dropped once it comes back and is discarded.
  private let discarded = Atomic(0)

  private static let refusals: [Errno] = [.invalidArgument, .ioError, .messageTooLong, .notSupportedOnSocket]

  /// For how long a batch waits for room in the send buffer.
  private static let sendBufferTimeout: CInt = 100

  /// Takes a port, so that it is known before anything is sent.
  ///
  /// - Parameters:
  ///   - namedSource: The address to send from, if one was named; it counts if it is one of IPv6.
  ///   - isGROEnabled: Whether those who receive get what the kernel has joined.
  ///   - way: How to send batches at first.
  ///   - segmentLimit: How many records to send as segments of one at first.
  init(
    _ group: GroupAddress, from namedSource: IPAddress?, timeToLive: UInt8, multicastLoopback: Bool, isGROEnabled: Bool,
    mode: SendMode,
    segmentLimit: Int
  ) throws(SystemError) {
    let descriptor = try Descriptor.udpSocket(group.family)
    try Self.prepare(descriptor, group, timeToLive: timeToLive, multicastLoopback: multicastLoopback)
    port = try descriptor.bindToFreePort(group.family)
    self.descriptor = descriptor
    self.group = group
    destination = group.socketAddress()
    self.isGROEnabled = isGROEnabled
    activeMode = Atomic(mode)
    activeSegmentLimit = Atomic(segmentLimit)
    (initialMode, initialSegmentLimit) = (mode, segmentLimit)
    self.namedSource = namedSource.flatMap { $0.isIPv4 || group.address.isIPv4 ? nil : SocketAddress($0, port: 0) }
  }

  private static func prepare(
    _ sender: borrowing Descriptor, _ group: GroupAddress, timeToLive: UInt8, multicastLoopback: Bool
  ) throws(SystemError) {
    let (hops, loop) = (CInt(timeToLive), CInt(multicastLoopback ? 1 : 0))
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

  /// The way out: the number of an interface, and an address of it.
  struct Egress: Hashable {
    /// The address to send from.
    enum Source: Hashable {
      /// The one that the kernel takes.
      case kernels
      case address(IPAddress)
      /// There is none: nothing may leave.
      case none
      /// The interface is gone: nothing may leave, though it may be there under another name.
      case gone

      /// The error of whoever sends; 0 if there is none.
      var obstacle: CInt {
        switch self {
        case .kernels, .address: 0
        case .none: EADDRNOTAVAIL
        case .gone: ENODEV
        }
      }
    }
    let interface: UInt32
    let source: Source
  }

  /// Sends there from now on, and tries all ways to send batches anew.
  func choose(_ egress: Egress) throws(SystemError) {
    if egress.source == .gone { return obstacle.store(egress.source.obstacle, ordering: .relaxed) }
    if group.address.isIPv4 {
      let source =
        switch egress.source {
        case .kernels: in_addr()
        case .address(let address): address.inAddr
        // No machine has it, so that the kernel sends nothing: else it takes another interface's address, or 0.0.0.0.
        case .none, .gone: in_addr(s_addr: .max)
        }
      let request = ip_mreqn(imr_multiaddr: in_addr(), imr_address: source, imr_ifindex: CInt(egress.interface))
      try descriptor.setOption(IPPROTO_IP, IP_MULTICAST_IF, "IP_MULTICAST_IF", to: request)
    } else {
      try descriptor.setOption(IPPROTO_IPV6, IPV6_MULTICAST_IF, "IPV6_MULTICAST_IF", to: CInt(egress.interface))
    }
    interface.store(egress.interface, ordering: .relaxed)
    obstacle.store(egress.source.obstacle, ordering: .relaxed)
    activeMode.store(initialMode, ordering: .relaxed)
    activeSegmentLimit.store(initialSegmentLimit, ordering: .relaxed)
  }

  /// Lends what names the source to the kernel; nil for most, which it knows already.
  private func withSource(_ body: (UnsafePointer<SocketAddress>?) -> CInt) -> CInt {
    guard var source = namedSource else { return body(nil) }
    unsafe source.ipv6.sin6_scope_id = interface.load(ordering: .relaxed)
    return unsafe body(&source)
  }

  /// The number of the interface that is sent on.
  var sendInterface: UInt32 {
    interface.load(ordering: .relaxed)
  }

  /// Takes note whether what is sent comes back. To be called before the group is joined on the interface that is sent on, and
  /// after it is left: what the kernel may have counted must be known here.
  func returns(_ isReturning: Bool) {
    self.isReturning.store(isReturning, ordering: .sequentiallyConsistent)
  }

  /// How batches are sent now.
  var mode: SendMode {
    activeMode.load(ordering: .relaxed)
  }

  /// How many records leave as segments of one now.
  var segmentLimit: Int {
    activeSegmentLimit.load(ordering: .relaxed)
  }

  /// Sends one record as one datagram.
  ///
  /// - Throws: ``SystemError`` if the network does not take it now, for instance because its interface is down.
  func send(_ record: UnsafeRawBufferPointer) throws(SystemError) {
    // Unconnected, so that the source address can change with the interface; without waiting, so that an interface whose
    // queue does not move holds up nobody.
    _ = try handOver(1, "sendto") {
      var destination = destination
      return unsafe withSource { source in
        unsafe cdatagram_send(descriptor.rawValue, record.baseAddress, record.count, &destination, source)
      }
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
            cdatagram_wait_to_send(descriptor.rawValue, Self.sendBufferTimeout) != 0
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
    switch sizes.count == 1 ? .single : mode {
    case .segments:
      let run = unsafe SegmentRun(sizes.span, from: 0, limit: segmentLimit)
      do throws(SystemError) {
        _ = try handOver(isGROEnabled ? 1 : run.count, "sendmsg") {
          unsafe withSource { source in
            unsafe cdatagram_send_segments(descriptor.rawValue, bytes, run.byteCount, sizes[0], &destination, source)
          }
        }
        return run.count
      } catch {
        // What the kernel says where it knows fewer segments or none, the device cannot have them, or the path is too narrow
        // for one: a datagram by itself goes there, if in fragments.
        guard Self.refusals.contains(error.errno) else { throw error }
        if run.count > SegmentRun.formerMaximumCount {
          activeSegmentLimit.store(SegmentRun.formerMaximumCount, ordering: .relaxed)
        } else {
          activeMode.store(.many, ordering: .relaxed)
        }
      }
    case .many:
      do throws(SystemError) {
        return try handOver(sizes.count, "sendmmsg") {
          unsafe withSource { source in
            unsafe cdatagram_send_many(
              descriptor.rawValue, bytes, sizes.baseAddress.unsafelyUnwrapped, UInt32(sizes.count), &destination, source
            )
          }
        }
      } catch {
        guard error.errno == .noFunction || error.errno == .notPermitted else { throw error }
        activeMode.store(.single, ordering: .relaxed)
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
    let obstacle = obstacle.load(ordering: .relaxed)
    if obstacle != 0 { throw SystemError(call, obstacle) }
    let counted = isReturning.load(ordering: .relaxed) ? count : 0
    discarded.add(counted, ordering: .relaxed)
    let result = send()
    let unsent = result < 0 ? counted : result == 0 ? 0 : max(0, counted - Int(result))
    if unsent > 0 { discarded.subtract(unsent, ordering: .relaxed) }
    guard result >= 0 else { throw SystemError(call, -result) }
    return Int(result)
  }

  /// How many datagrams the kernel may have counted as dropped since they came back to us and were discarded.
  var discardedCount: Int {
    discarded.load(ordering: .sequentiallyConsistent)
  }
}
