/// The state machine of the kernel's route for a group. Pure.
struct RouteTracker: Sendable {
  /// The last answer.
  private(set) var last: GroupRoute

  /// - Parameter first: The answer at the start.
  init(_ first: GroupRoute) {
    last = first
  }

  /// Takes the current answer.
  ///
  /// Without a route, the group stays on its interface: records sent over loopback instead would reach no other
  /// machine.
  ///
  /// - Parameter present: The interface where the group is joined.
  /// - Returns: The interface to move to; nil to stay.
  mutating func look(_ now: GroupRoute, present: NetworkInterface) -> NetworkInterface? {
    last = now
    guard case .by(let interface) = now, interface.index != present.index else { return nil }
    return interface
  }
}
