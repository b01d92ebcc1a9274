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
  /// The end of the wait for the other members of this machine, which also leave to be reported.
  private var waitsUntil: BootInstant?

  /// The longest such wait. A peer leaves within a second after a carrier is back, and a busy machine may delay it. Who
  /// joins before the last one has left keeps the kernel from sending a report.
  static let longestWait = Duration.seconds(3)

  /// Starts with an interface on which the group is not joined yet.
  init(_ snapshot: InterfaceSnapshot) {
    interface = snapshot.interface
    condition = snapshot.condition
    last = snapshot
  }

  /// True if the group is joined on the interface, and packets can pass.
  var isReady: Bool { condition == .ready && joined != nil }

  /// True if another look is needed even without a notification about this interface.
  var isPending: Bool {
    // An address that the user named may appear on another interface.
    if case .noAddress(.some) = condition { return true }
    return condition == .gone || joined != interface.index
  }

  /// Takes the snapshot of `time`; nil if the interface is gone.
  ///
  /// - Parameter isReportedByKernel: True if the kernel itself reports memberships again when a carrier returns, as for
  ///   IPv6. Source: Linux, net/ipv6/addrconf.c, NETDEV_CHANGE.
  /// - Returns: The steps to take, in order.
  mutating func look(_ now: InterfaceSnapshot?, isReportedByKernel: Bool, at time: BootInstant) -> [Step] {
    let former = last
    last = now
    guard let now else {
      condition = .gone
      // The kernel has dropped the membership, but the socket still lists it.
      return joined.map { [.leave($0)] } ?? []
    }
    interface = now.interface
    condition = now.condition
    // A wait for members on a former number says nothing about this one.
    if former?.interface.index != now.interface.index { waitsUntil = nil }
    let isReportDue = !isReportedByKernel && former.map { Self.needsReport($0, now) } ?? false
    guard joined == now.interface.index else {
      // The others leave now, perhaps again.
      if isReportDue { waitsUntil = time + Self.longestWait }
      return (joined.map { [.leave($0)] } ?? []) + [.join(now.interface.index)]
    }
    return isReportDue ? [.report(now.interface.index)] : []
  }

  private static func needsReport(_ former: InterfaceSnapshot, _ now: InterfaceSnapshot) -> Bool {
    guard now.hasCarrier, now.interface.index == former.interface.index else { return false }
    let isBack = !former.hasCarrier || former.carrierUps != now.carrierUps
    // A report without an address has source 0.0.0.0, which some switches ignore.
    return isBack || former.source == nil && now.source != nil
  }

  /// Records that the group was left to be reported.
  mutating func left(now: BootInstant) {
    joined = nil
    waitsUntil = now + Self.longestWait
  }

  /// True if it is time to join.
  ///
  /// - Parameter isAlone: True if no other socket of this machine is a member: then the kernel sends a report.
  mutating func mayJoin(isAlone: @autoclosure () -> Bool, now: BootInstant) -> Bool {
    if let waitsUntil, now < waitsUntil, !isAlone() { return false }
    waitsUntil = nil
    return true
  }

  /// Records that the kernel refused the join.
  mutating func refused(_ error: SystemError) {
    condition = .refused(error)
  }
}
