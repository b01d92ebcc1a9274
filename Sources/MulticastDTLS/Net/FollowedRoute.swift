/// The kernel's route for a group, from one look at it to the next. Pure.
struct FollowedRoute: Sendable {
  /// The kernel's answer.
  enum Route: Hashable, Sendable {
    case by(NetworkInterface)
    /// No route leads to the group.
    case none
    /// A route forbids to send there, such as a blackhole.
    case nowhere
  }

  /// The answer that was given last.
  private(set) var last: Route

  /// - Parameter first: The answer at the start.
  init(_ first: Route) {
    last = first
  }

  /// Takes note of the answer now.
  ///
  /// Without a route, the group stays where it is: what was sent by loopback meanwhile would be lost to all others.
  ///
  /// - Parameter present: The interface where the group is joined.
  /// - Returns: The interface to go over to; nil stays.
  mutating func look(_ now: Route, present: NetworkInterface) -> NetworkInterface? {
    last = now
    guard case .by(let interface) = now, interface.index != present.index else { return nil }
    return interface
  }
}
