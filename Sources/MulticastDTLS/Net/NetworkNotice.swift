/// A change of the interfaces or the route of a group that a person should know.
enum NetworkNotice: Hashable, Sendable {
  /// An interface has become unusable, wholly or in part.
  case away(NetworkInterface, FollowedInterface.Condition, Part)
  /// An interface is usable again.
  case back(NetworkInterface, after: FollowedInterface.Condition, source: IPAddress?, isJoinedAgain: Bool)
  /// The address or altname that chose an interface now belongs to another interface, where the group is joined; or the
  /// interface was renamed.
  case moved(NetworkInterface, former: NetworkInterface)
  /// There is no route at the start, so the group is on loopback; `others` lists interfaces that the user could choose.
  case noRoute(others: [String], isLoopbackRouted: Bool)
  /// The route leads to another interface, where the group is joined now. The former one was left, if that is
  /// different.
  case routed(NetworkInterface, former: NetworkInterface)
  /// The route is gone or leads nowhere; the group stays on its interface.
  case routeGone(FollowedRoute.Route, staying: NetworkInterface)

  /// The role of an interface.
  struct Part: Hashable, Sendable {
    /// True if datagrams are sent on it.
    let isSendingOn: Bool
    /// True if it is the only one where the group is joined.
    let isOnly: Bool
    /// True if it receives again, although it still lacks an address.
    var isBack = false
    /// True if the group was joined again there.
    var isJoinedAgain = false
  }
}
