import CDatagram
import Glibc
import Synchronization

/// Sends to one multicast group on one interface, and receives from it on that and perhaps others, and on no other.
///
/// Two descriptors: one sends from a port of its own, so that a sender can be told by its address; the other is bound
/// to the group's address and port and shares them with the other peers of this machine. Any thread may send; only
/// the receive loop's receives. What this socket sends, it does not receive, where the kernel can tell.
final class MulticastSocket: Sendable {
  /// The group that was joined.
  let group: GroupAddress
  /// Whether the kernel keeps away from us what we send ourselves.
  let isDiscardingOwn: Bool

  private let sender: GroupSender
  private let receiver: GroupReceiver
  private let groupInterfaces: GroupInterfaces
  private let drops = Mutex(Drops())
  /// What the receive loop has taken: buffers of the kernel's, and the datagrams in them. Only its thread writes them.
  private let arrivedBatches = Atomic(0)
  private let arrivedDatagrams = Atomic(0)

  typealias SendMode = GroupSender.SendMode

  private struct Drops {
    /// What the kernel said last, which is modulo 2^32, and what that makes in all.
    var last: UInt32 = 0
    var all = 0
    /// Those of them that had nothing of ours.
    var others = KernelDrops()
  }

  /// Joins a group.
  ///
  /// - Parameters:
  ///   - interfaces: Where to join; the first is sent on. At least one.
  ///   - followsRoute: Whether the kernel's route for the group has chosen the interface, and goes on to.
  ///   - sources: The only addresses to hear; none hears all.
  ///   - timeToLive: The TTL or hop limit of what is sent: 0 stays on this machine, 1 on the local network.
  ///   - multicastLoopback: Whether other sockets of this machine hear what is sent; on loopback they do anyway.
  ///   - isSending: True if this node sends.
  ///   - isReceiving: Whether to join the group at all.
  ///   - way: How to send batches at first.
  ///   - segmentLimit: How many records to send as segments of one at first.
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
      // Only where they surely come back: what is discarded counts as dropped, and must be taken off again.
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

  /// Loopback takes IPv6 multicast only where somebody has given it a route.
  private static func checkLoopbackRoute(_ group: GroupAddress, _ interface: NetworkInterface) throws(NetworkError) {
    guard !group.address.isIPv4, interface.isLoopback else { return }
    guard let netlink = try? Netlink(), !netlink.hasRoute(for: group, by: interface.index) else { return }
    throw NetworkError(
      "loopback has no route for IPv6 multicast, such as \(group): choose another interface, or give it one, as root: "
        + "ip -6 route add local ff00::/8 dev \(interface.name) table local")
  }

  /// The UDP port that is sent from.
  var sourcePort: UInt16 { sender.port }

  /// The number of the interface that is sent on.
  var sendInterface: UInt32 { sender.sendInterface }

  /// How batches are sent now.
  var mode: SendMode { sender.mode }

  /// How many records leave as segments of one now.
  var segmentLimit: Int { sender.segmentLimit }

  /// The size of the receive buffer, and of the one that was asked for, as a line of a log.
  var receiveBufferRemark: String {
    let (size, wanted) = (receiver.bufferSize, GroupReceiver.wantedBufferSize)
    return "the receive buffer has \(size) bytes"
      + (size < wanted ? " of \(wanted) that were asked for: net.core.rmem_max allows no more" : "")
  }

  /// What `poll` waits on for datagrams.
  var receiveDescriptor: CInt { receiver.rawDescriptor }

  /// Whether a datagram came in where the group was joined, and was sent to the group.
  func isAddressedToGroup(_ slot: cdatagram_slot) -> Bool { unsafe receiver.isAddressedToGroup(slot) }

  /// Sends one record as one datagram.
  ///
  /// - Throws: ``SystemError`` if the network does not take it now, for instance because its interface is down.
  func send(_ record: UnsafeRawBufferPointer) throws(SystemError) { try unsafe sender.send(record) }

  /// Sends the records of a batch, each as one datagram, with as few calls as the kernel allows.
  ///
  /// - Returns: How many were sent: the first ones of the batch, all if none failed.
  func send(_ batch: borrowing SendBatch) -> (sent: Int, failure: SystemError?) { sender.send(batch) }

  /// The interfaces where the group is joined now; the first is sent on.
  var interfaces: [NetworkInterface] { groupInterfaces.interfaces }

  /// Looks at what interfaces there are now, and goes with it. To be called at the start, and then once a second or so.
  ///
  /// - Returns: What a person should know of it.
  func lookAtInterfaces(now: BootInstant) -> [NetworkNotice] { groupInterfaces.look(now: now) }

  /// Takes note of what the receive loop has taken; only its thread calls this.
  func arrived(batches: Int, datagrams: Int) {
    // No addition that other processors would have to see done: nobody else writes.
    arrivedBatches.store(arrivedBatches.load(ordering: .relaxed) + batches, ordering: .relaxed)
    arrivedDatagrams.store(arrivedDatagrams.load(ordering: .relaxed) + datagrams, ordering: .relaxed)
  }

  /// What the kernel has dropped, since it came faster than it was taken. Source: socket(7), SO_MEMINFO.
  ///
  /// The kernel counts our own among them, which it discards; they are taken off. Of what is sent just now, as many drops
  /// may be told a moment later.
  ///
  /// - Parameter isTick: Whether a second has passed since the last such call.
  func countDrops(isTick: Bool = false) -> KernelDrops {
    drops.withLock { drops in
      guard let said = receiver.dropped else { return drops.others }
      // Read after it, so that it is no less than those of ours that the kernel has counted.
      let own = isDiscardingOwn ? sender.discardedCount : 0
      drops.all += Int(said &- drops.last)
      drops.last = said
      let arrived = KernelDrops.Arrived(
        batches: arrivedBatches.load(ordering: .relaxed), datagrams: arrivedDatagrams.load(ordering: .relaxed))
      // What was sent and did not come back does not make it fewer than before.
      drops.others.count(drops.all - own, arrived, isTick: isTick)
      return drops.others
    }
  }

  /// About how many datagrams the kernel has dropped.
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
