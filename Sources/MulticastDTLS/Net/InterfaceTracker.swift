/// A snapshot of an interface, as the kernel reports it.
struct InterfaceSnapshot: Hashable, Sendable {
  let interface: NetworkInterface
  var isUp = true
  /// True if packets can pass.
  var hasCarrier = true
  /// The number of times that a carrier has appeared, so that a carrier lost and regained between two looks is noticed.
  var carrierUps: UInt32 = 0
  /// The source address for sending; nil if no address fits.
  var source: IPAddress?
  var isLoopback = false

  /// The condition that follows from the other properties.
  var condition: InterfaceCondition {
    if !isUp { return .down }
    if !hasCarrier { return .noCarrier }
    return source == nil && !isLoopback ? .noAddress(interface.address) : .ready
  }
}

/// The state machine of one interface of a group: compares the last snapshot with the current one and returns the steps
/// to take. Pure.
struct InterfaceTracker: Sendable {
  /// A step to take.
  enum Step: Hashable {
    /// Leave the group on the interface with this number.
    case leave(UInt32)
    /// Join the group on the interface with this number.
    case join(UInt32)
    /// Leave the group and join it again, so that the kernel sends a new membership report.
    case report(UInt32)
  }

  /// The interface as last seen.
  private(set) var interface: NetworkInterface
  /// The condition as last seen.
  private(set) var condition: InterfaceCondition
  /// The interface number under which the group is joined; nil if it is not joined.
  var joined: UInt32?

  private var last: InterfaceSnapshot?

  /// Starts with an interface on which the group is not joined yet.
  init(_ snapshot: InterfaceSnapshot) {
    interface = snapshot.interface
    condition = snapshot.condition
    last = snapshot
  }

  /// True if another look is needed even without a notification about this interface.
  var isPending: Bool {
    // An address that the user named may appear on another interface.
    if case .noAddress(.some) = condition { return true }
    return condition == .gone || joined != interface.index
  }

  /// Takes the current snapshot; nil if the interface is gone.
  ///
  /// - Parameter isReportedByKernel: True if the kernel itself reports memberships again when a carrier returns, as for
  ///   IPv6. Source: Linux, net/ipv6/addrconf.c, NETDEV_CHANGE.
  /// - Returns: The steps to take, in order.
  mutating func look(_ now: InterfaceSnapshot?, isReportedByKernel: Bool) -> [Step] {
    let former = last
    last = now
    guard let now else {
      condition = .gone
      // The kernel has dropped the membership, but the socket still lists it.
      return joined.map { [.leave($0)] } ?? []
    }
    interface = now.interface
    condition = now.condition
    guard joined == now.interface.index else {
      return (joined.map { [.leave($0)] } ?? []) + [.join(now.interface.index)]
    }
    guard let former, !isReportedByKernel, now.hasCarrier else { return [] }
    let isBack = !former.hasCarrier || former.carrierUps != now.carrierUps
    // A report without an address has source 0.0.0.0, which some switches ignore.
    let hasAddressSince = former.source == nil && now.source != nil
    return isBack || hasAddressSince ? [.report(now.interface.index)] : []
  }

  /// Records that the kernel refused the join.
  mutating func refused(_ error: SystemError) {
    condition = .refused(error)
  }
}
