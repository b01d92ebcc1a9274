internal import CDatagram
import Glibc
import Synchronization
import SystemPackage

/// The sending half of a ``MulticastSocket``: sends to one group from a port of its own, on one interface at a time.
/// Any thread may send.
final class GroupSender: Sendable {
  /// The UDP source port.
  let port: UInt16

  private let group: GroupAddress
  private let destination: SocketAddress
  private let descriptor: Descriptor
  /// The IPv6 source address that the user named, passed with each message. An IPv4 source is an option of the socket.
  private let namedSource: SocketAddress?
  /// The number of the interface used for sending.
  private let interface = Atomic<UInt32>(0)
  /// The errno that sending fails with while nothing may leave; 0 otherwise.
  private let obstacle = Atomic<CInt>(0)

  /// A way to send batches. If the kernel or the path refuses it, the next one is used until
  /// ``GroupSender/choose(_:)``.
  enum SendMode: UInt8, AtomicRepresentable, CaseIterable {
    case segments, many, single
  }
  private let activeMode: Atomic<SendMode>
  private let initialMode: SendMode
  /// The most records in one UDP_SEGMENT call, lowered if the kernel turns out to be an older one.
  private let activeSegmentLimit: Atomic<Int>
  private let initialSegmentLimit: Int
  /// True if UDP_GRO is on in the receiver: the kernel then discards a run of our segments as one buffer, otherwise one
  /// by one.
  private let isGROEnabled: Bool
  /// True if sent records loop back: this process is a member of the group on the interface used for sending.
  private let loopsBack = Atomic(true)
  /// The number of looped-back buffers that the kernel may have discarded and counted as dropped.
  private let discarded = Atomic(0)

  private static let refusals: [Errno] = [.invalidArgument, .ioError, .messageTooLong, .notSupportedOnSocket]

  /// The longest wait of a batch for room in the send buffer, in milliseconds.
  private static let sendBufferTimeout: CInt = 100

  /// Binds to a free port, so that it is known before anything is sent.
  ///
  /// - Parameters:
  ///   - namedSource: The source address that the user named, if any; ignored unless it is IPv6.
  ///   - isGROEnabled: True if UDP_GRO is on in the receiving socket.
  ///   - mode: The first way to try for batches.
  ///   - segmentLimit: The most records to try in one UDP_SEGMENT call.
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
    // Nobody reads the sender's own port, but strangers can send to it: make its receive buffer as small as the kernel
    // allows.
    try sender.setOption(Int(SOL_SOCKET), SO_RCVBUF, "SO_RCVBUF", to: CInt(0))
  }

  /// The interface for sending, and the source address.
  struct Egress: Hashable {
    /// The choice of the source address.
    enum Source: Hashable {
      /// The kernel chooses the address.
      case kernels
      case address(IPAddress)
      /// The interface has no address: nothing may leave.
      case none
      /// The interface is gone: nothing may leave, though it may exist under another name.
      case gone
      /// The interface is down: nothing can leave.
      case down

      /// The errno that sending fails with; 0 if sending is possible.
      var obstacle: CInt {
        switch self {
        case .kernels, .address: 0
        case .none: EADDRNOTAVAIL
        case .gone: ENODEV
        case .down: ENETDOWN
        }
      }
    }
    let interface: UInt32
    let source: Source
  }

  /// Sends there from now on, and tries every way to send batches again.
  func choose(_ egress: Egress) throws(SystemError) {
    if egress.source == .gone || egress.source == .down {
      return obstacle.store(egress.source.obstacle, ordering: .relaxed)
    }
    if group.address.isIPv4 {
      let source =
        switch egress.source {
        case .kernels: in_addr()
        case .address(let address): address.inAddr
        // 255.255.255.255: no machine has that address, so the kernel sends nothing. Otherwise it would use another
        // interface's address, or 0.0.0.0.
        case .none, .gone, .down: in_addr(s_addr: .max)
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

  /// Lends the source address to pass with a message; nil for most sockets, which have it as an option.
  private func withSource(_ body: (UnsafePointer<SocketAddress>?) -> CInt) -> CInt {
    guard var source = namedSource else { return body(nil) }
    unsafe source.ipv6.sin6_scope_id = interface.load(ordering: .relaxed)
    return unsafe body(&source)
  }

  /// The number of the interface used for sending.
  var sendInterface: UInt32 {
    interface.load(ordering: .relaxed)
  }

  /// Records if sent records loop back. Call it before joining the group on the interface used for sending, and after
  /// leaving it there, so that ``discardedCount`` includes everything that the kernel may have counted.
  func setLoopsBack(_ loopsBack: Bool) {
    self.loopsBack.store(loopsBack, ordering: .sequentiallyConsistent)
  }

  /// The current way to send batches.
  var mode: SendMode {
    activeMode.load(ordering: .relaxed)
  }

  /// The current limit of records in one UDP_SEGMENT call.
  var segmentLimit: Int {
    activeSegmentLimit.load(ordering: .relaxed)
  }

  /// - Throws: ``SystemError`` while nothing may leave.
  func checkObstacle() throws(SystemError) {
    let obstacle = obstacle.load(ordering: .relaxed)
    if obstacle != 0 { throw SystemError("send", obstacle) }
  }

  /// Sends one record as one datagram.
  ///
  /// - Throws: ``SystemError`` if the network refuses it now, for instance because its interface is down.
  func send(_ record: UnsafeRawBufferPointer) throws(SystemError) {
    // Unconnected, so that the source address can change with the interface. Non-blocking, so that a stuck interface
    // queue blocks nobody.
    _ = try handOver(1, "sendto") {
      var destination = destination
      return unsafe withSource { source in
        unsafe cdatagram_send(descriptor.rawValue, record.baseAddress, record.count, &destination, source)
      }
    }
  }

  /// Sends the records of a batch, each as one datagram, with as few calls as the kernel allows.
  ///
  /// A single record never waits. A batch waits up to 100 ms whenever the send buffer is full.
  ///
  /// - Returns: The number of records sent, counted from the first; all of them if there is no failure.
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

  /// Sends at least the first of some records in the best mode that works, and returns the number sent.
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
        // The kernel fails so if it supports fewer segments or none, the device cannot take them, or one exceeds the
        // path MTU. A single datagram still passes, possibly in fragments.
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

  /// Calls the kernel, which may count up to `count` buffers as dropped before this returns.
  ///
  /// - Returns: The result of the call: 0, or the number of datagrams sent.
  private func handOver(_ count: Int, _ call: String, _ send: () -> CInt) throws(SystemError) -> Int {
    let obstacle = obstacle.load(ordering: .relaxed)
    if obstacle != 0 { throw SystemError(call, obstacle) }
    let counted = loopsBack.load(ordering: .relaxed) ? count : 0
    discarded.add(counted, ordering: .relaxed)
    let result = send()
    let unsent = result < 0 ? counted : result == 0 ? 0 : max(0, counted - Int(result))
    if unsent > 0 { discarded.subtract(unsent, ordering: .relaxed) }
    guard result >= 0 else { throw SystemError(call, -result) }
    return Int(result)
  }

  /// An upper bound of the looped-back buffers that the kernel has discarded and counted as dropped.
  var discardedCount: Int {
    discarded.load(ordering: .sequentiallyConsistent)
  }
}
