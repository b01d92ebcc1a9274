/// An interface as the kernel shows it at one moment.
struct InterfaceSight: Hashable, Sendable {
  let interface: NetworkInterface
  var isUp = true
  /// True if packets can go and come.
  var hasCarrier = true
  /// The number of times that its carrier has come: so one that goes and comes between two looks is not missed.
  var carrierUps: UInt32 = 0
  /// The address to send from; nil if there is none that fits.
  var source: IPAddress?
  var isLoopback = false

  /// The state in which it is.
  var condition: FollowedInterface.Condition {
    if !isUp { return .down }
    if !hasCarrier { return .noCarrier }
    return source == nil && !isLoopback ? .noAddress(interface.address) : .ready
  }
}

/// One interface of a group, from one look at it to the next: what the kernel says now, and what was before, say what is to
/// be done. Pure.
struct FollowedInterface: Sendable {
  /// The state of an interface.
  enum Condition: Hashable, Sendable {
    case ready
    /// It has no address to send from; or not the one that was named.
    case noAddress(IPAddress?)
    case noCarrier, down, gone
    /// The group cannot be joined there.
    case refused(SystemError)
  }

  /// A thing to do.
  enum Step: Hashable {
    /// Leave the group on the interface with this number.
    case leave(UInt32)
    /// Join the group there.
    case join(UInt32)
    /// Leave it and join it, so that the network hears of it again.
    case report(UInt32)
  }

  /// The interface when it was seen last.
  private(set) var interface: NetworkInterface
  /// The state in which it is.
  private(set) var condition: Condition
  /// The number under which the group was joined; nil if it is not joined.
  var joined: UInt32?

  private var last: InterfaceSight?

  /// An interface that was not joined yet.
  init(_ sight: InterfaceSight) {
    interface = sight.interface
    condition = sight.condition
    last = sight
  }

  /// True if there is more to do, though the kernel announces nothing of this interface.
  var isPending: Bool {
    // An address that was named may come at another interface.
    if case .noAddress(.some) = condition { return true }
    return condition == .gone || joined != interface.index
  }

  /// Takes note of what is there now; nil is nothing.
  ///
  /// - Parameter isReportedByKernel: Whether the kernel itself reports memberships again when a carrier comes back, as it does
  ///   for IPv6. Source: Linux, net/ipv6/addrconf.c, NETDEV_CHANGE.
  /// - Returns: The things to do, in this order.
  mutating func look(_ now: InterfaceSight?, isReportedByKernel: Bool) -> [Step] {
    let former = last
    last = now
    guard let now else {
      condition = .gone
      // The kernel has forgotten the membership, but not that this socket asked for it.
      return joined.map { [.leave($0)] } ?? []
    }
    interface = now.interface
    condition = now.condition
    guard joined == now.interface.index else {
      return (joined.map { [.leave($0)] } ?? []) + [.join(now.interface.index)]
    }
    guard let former, !isReportedByKernel, now.hasCarrier else { return [] }
    let isBack = !former.hasCarrier || former.carrierUps != now.carrierUps
    // A report without an address says 0.0.0.0, and some switches take none of those.
    let hasAddressSince = former.source == nil && now.source != nil
    return isBack || hasAddressSince ? [.report(now.interface.index)] : []
  }

  /// Takes note that the group cannot be joined.
  mutating func refused(_ error: SystemError) {
    condition = .refused(error)
  }
}
