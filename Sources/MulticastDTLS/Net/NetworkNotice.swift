/// Something that a person should know of the interfaces and the route of a group.
enum NetworkNotice: Hashable, Sendable {
  /// An interface cannot be used as it should be.
  case away(NetworkInterface, FollowedInterface.Condition, Part)
  /// An interface can be used again.
  case back(NetworkInterface, after: FollowedInterface.Condition, source: IPAddress?, isJoinedAgain: Bool)
  /// The address or the other name by which an interface was chosen is another's now, where the group is joined; or it has
  /// another name of its own.
  case moved(NetworkInterface, former: NetworkInterface)
  /// There is no route at the start, so that the group is on loopback; others that are up could be chosen.
  case noRoute(others: [String], isLoopbackRouted: Bool)
  /// The route leads by an interface now, where the group is joined; on the former it was left, if that is another.
  case routed(NetworkInterface, former: NetworkInterface)
  /// The route is gone, or leads nowhere; the group stays where it is.
  case routeGone(FollowedRoute.Route, staying: NetworkInterface)

  /// The part that an interface has.
  struct Part: Hashable, Sendable {
    /// True if the group is sent to on it.
    let isSendingOn: Bool
    /// True if it is the only one where the group is joined.
    let isOnly: Bool
    /// True if it can be heard by again, though not all is well.
    var isBack = false
    /// True if the group was joined again there.
    var isJoinedAgain = false
  }
}
