internal import CommonSupport
internal import CDatagram
import Glibc
import Synchronization

/// Sends to one multicast group on one interface, and receives from it on that interface and optionally more, never on
/// others.
///
/// Two descriptors: one sends from a port of its own, so that each sender has its own address. The other is bound to
/// the group's address and port, which it shares with other peers of this machine. Any thread may send; only the
/// receive thread receives. The socket does not receive its own datagrams if the kernel can discard them.
final class MulticastSocket: Sendable {
  /// The group that was joined.
  let group: GroupAddress
  /// True if the kernel discards our own looped-back datagrams.
  let isDiscardingOwn: Bool

  private let sender: GroupSender
  private let receiver: GroupReceiver
  private let groupInterfaces: GroupInterfaces
  private let drops = Mutex(Drops())
  /// The kernel buffers that the receive loop has read, and the datagrams in them. Only the receive thread writes
  /// these.
  private let arrivedBatches = Atomic(0)
  private let arrivedDatagrams = Atomic(0)

  typealias SendMode = GroupSender.SendMode

  private struct Drops {
    /// The last count of the kernel, modulo 2^32, and the total since the start.
    var last: UInt32 = 0
    var all = 0
    /// The drops other than our own discarded datagrams.
    var others = KernelDrops()
  }

  /// Opens the sockets and joins a group.
  ///
  /// - Parameters:
  ///   - interfaces: The interfaces to join on, at least one; the first is used for sending.
  ///   - followsRoute: True if the kernel's route for the group has chosen the interface and may change it later.
  ///   - sources: The only source addresses to receive from; empty for all.
  ///   - timeToLive: The TTL or hop limit of sent datagrams: 0 stays on this machine, 1 on the local network.
  ///   - multicastLoopback: True if other sockets of this machine receive the sent datagrams; on loopback they always
  ///     do.
  ///   - isSending: True if this member sends.
  ///   - isReceiving: True to join the group, false only to send.
  ///   - mode: The first way to try for batches.
  ///   - segmentLimit: The most records to try in one UDP_SEGMENT call.
  /// - Throws: ``NetworkError`` if the group cannot be joined there; ``SystemError`` if there are no sockets.
  init(
    group: GroupAddress, interfaces: [NetworkInterface], followsRoute: Bool = false, sources: [IPAddress] = [],
    timeToLive: UInt8, multicastLoopback: Bool = true, isSending: Bool = true, isReceiving: Bool = true,
    mode: SendMode = .segments,
    segmentLimit: Int = SegmentRun.maximumCount
  ) throws {
    let interfaces = NetworkInterface.uniqued(interfaces)
    guard let first = interfaces.first else {
      throw NetworkError("there is no interface to join \(group) on: name one")
    }
    if let other = sources.first(where: { $0.isIPv4 != group.address.isIPv4 }) {
      throw NetworkError("the source \(other) cannot send to \(group): one is an IPv4 address, and the other IPv6")
    }
    if !followsRoute { try Self.checkLoopbackRoute(group, first) }
    self.group = group

    do throws(SystemError) {
      receiver = try GroupReceiver(group, sources: sources)
      sender = try GroupSender(
        group, from: first.address, timeToLive: timeToLive, multicastLoopback: multicastLoopback,
        isGROEnabled: receiver.isGROEnabled,
        mode: mode,
        segmentLimit: segmentLimit)
      // Only if sent datagrams certainly loop back: the kernel counts discarded ones as dropped, and they must be
      // subtracted again.
      let comesBack = sources.isEmpty && (multicastLoopback || first.isLoopback && !followsRoute)
      isDiscardingOwn = comesBack ? receiver.discard(from: sender.port) : false
      groupInterfaces = GroupInterfaces(
        group, on: interfaces, followsRoute: followsRoute, isSending: isSending, receiver: receiver, sender: sender)
      try groupInterfaces.beginToSend()
    } catch {
      throw NetworkError(
        "cannot use group \(group) on interface \(first.name): \(error); try another interface or group")
    }
    guard isReceiving else { return }
    do throws(SystemError) { try receiver.bind() } catch { throw group.networkError(ofBinding: error) }
    do throws(JoinFailure) {
      try groupInterfaces.join()
    } catch {
      throw error.networkError(
        group, sources: sources.uniqued().count, interfaces: interfaces.count, limits: .current(for: group))
    }
  }

  /// Checks that loopback has a route for IPv6 multicast, which it does not have by default.
  private static func checkLoopbackRoute(_ group: GroupAddress, _ interface: NetworkInterface) throws(NetworkError) {
    guard !group.address.isIPv4, interface.isLoopback else { return }
    guard let netlink = try? Netlink(), !netlink.hasRoute(for: group, by: interface.index) else { return }
    throw NetworkError(
      "loopback has no route for IPv6 multicast, such as \(group): choose another interface, or give it one, as root: "
        + "ip -6 route add local ff00::/8 dev \(interface.name) table local")
  }

  /// The UDP source port.
  var sourcePort: UInt16 { sender.port }

  /// The number of the interface used for sending.
  var sendInterface: UInt32 { sender.sendInterface }

  /// The current way to send batches.
  var mode: SendMode { sender.mode }

  /// The current limit of records in one UDP_SEGMENT call.
  var segmentLimit: Int { sender.segmentLimit }

  /// The size of the receive buffer in bytes, and the size that was asked for.
  var receiveBufferSizes: (size: Int, wanted: Int) { (receiver.bufferSize, GroupReceiver.wantedBufferSize) }

  /// The descriptor that `poll` waits on for datagrams.
  var receiveDescriptor: CInt { receiver.rawDescriptor }

  /// True if a datagram was sent to the group and arrived on an interface where it is joined.
  func isAddressedToGroup(_ slot: cdatagram_slot) -> Bool { unsafe receiver.isAddressedToGroup(slot) }

  /// Sends one record as one datagram.
  ///
  /// - Throws: ``SystemError`` if the network refuses it now, for instance because its interface is down.
  func send(_ record: UnsafeRawBufferPointer) throws(SystemError) { try unsafe sender.send(record) }

  /// - Throws: ``SystemError`` while nothing may leave.
  func checkObstacle() throws(SystemError) { try sender.checkObstacle() }

  /// Sends the records of a batch, each as one datagram, with as few calls as the kernel allows.
  ///
  /// - Returns: The number of records sent, counted from the first; all of them if there is no failure.
  func send(_ batch: borrowing SendBatch) -> (sent: Int, failure: SystemError?) { sender.send(batch) }

  /// The interfaces where the group is joined; the first is used for sending.
  var interfaces: [NetworkInterface] { groupInterfaces.interfaces }

  /// The names of these interfaces, each with true if it is ready.
  var readiness: [String: Bool] { groupInterfaces.readiness }

  /// Checks the interfaces and the route, and adapts to changes. Called at the start, and then about once a second.
  ///
  /// - Returns: The changes that a person should know.
  func lookAtInterfaces(now: BootInstant) -> [NetworkEvent] { groupInterfaces.look(now: now) }

  /// Counts buffers and datagrams that the receive loop has read. Confined to the receive thread.
  func arrived(batches: Int, datagrams: Int) {
    // A plain load and store instead of an atomic addition, since nobody else writes.
    arrivedBatches.store(arrivedBatches.load(ordering: .relaxed) + batches, ordering: .relaxed)
    arrivedDatagrams.store(arrivedDatagrams.load(ordering: .relaxed) + datagrams, ordering: .relaxed)
  }

  /// The datagrams that the kernel has dropped because they arrived faster than they were read. Source: socket(7),
  /// SO_MEMINFO.
  ///
  /// The kernel also counts our own discarded datagrams; they are subtracted. Drops during a send may show a moment
  /// later.
  ///
  /// - Parameter isTick: True if a second has passed since the last such call.
  func countDrops(isTick: Bool = false) -> KernelDrops {
    drops.withLock { drops in
      guard let said = receiver.dropped else { return drops.others }
      // Read after the kernel's count, so that it includes every own datagram in that count.
      let own = isDiscardingOwn ? sender.discardedCount : 0
      drops.all += Int(said &- drops.last)
      drops.last = said
      let arrived = KernelDrops.Arrived(
        batches: arrivedBatches.load(ordering: .relaxed), datagrams: arrivedDatagrams.load(ordering: .relaxed))
      // Sent datagrams that did not loop back would lower the count: KernelDrops ignores that.
      drops.others.count(drops.all - own, arrived, isTick: isTick)
      return drops.others
    }
  }

  /// The estimated number of datagrams that the kernel has dropped.
  var droppedByKernel: Int { countDrops().datagrams }
}

extension MulticastSocket {
  /// Joins a group on one interface.
  convenience init(
    group: GroupAddress, interface: NetworkInterface, timeToLive: UInt8, isReceiving: Bool = true,
    mode: SendMode = .segments,
    segmentLimit: Int = SegmentRun.maximumCount
  ) throws {
    try self.init(
      group: group, interfaces: [interface], timeToLive: timeToLive, isReceiving: isReceiving, mode: mode,
      segmentLimit: segmentLimit)
  }
}
