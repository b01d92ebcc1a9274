/// A change of the interfaces or the route of a group.
public enum NetworkEvent: Hashable, Sendable {
  /// An interface has become unusable, wholly or in part.
  case interfaceGone(NetworkInterface, InterfaceCondition, Role)
  /// An interface is usable again; `source` is its new address, if it lacked one.
  case interfaceBack(NetworkInterface, after: InterfaceCondition, source: IPAddress?, isJoinedAgain: Bool)
  /// The address or altname that chose an interface now belongs to another interface, where the group is joined; or the
  /// interface was renamed.
  case interfaceMoved(NetworkInterface, former: NetworkInterface)
  /// There is no route at the start, so the group is on loopback; `others` lists interfaces that the user could choose.
  case noRoute(others: [String], isLoopbackRouted: Bool)
  /// The route leads to another interface, where the group is joined now. The former one was left, if that is
  /// different.
  case routeChanged(NetworkInterface, former: NetworkInterface)
  /// The route is gone or leads nowhere; the group stays on its interface.
  case routeGone(GroupRoute, staying: NetworkInterface)

  /// The role of an interface.
  public struct Role: Hashable, Sendable {
    /// True if datagrams are sent on it.
    public let isSendingOn: Bool
    /// True if it is the only one where the group is joined.
    public let isOnly: Bool
    /// True if it receives again, although it still lacks an address.
    public internal(set) var isBack = false
    /// True if the group was joined again there.
    public internal(set) var isJoinedAgain = false
  }
}

/// The condition of an interface of a group.
public enum InterfaceCondition: Hashable, Sendable {
  /// It sends and receives.
  case ready
  /// It has no source address, or lacks the one that the user named.
  case noAddress(IPAddress?)
  /// Its carrier is lost: a cable or a radio link.
  case noCarrier
  /// It is down.
  case down
  /// It does not exist.
  case gone
  /// The kernel refuses to join the group there.
  case refused(SystemError)
}

/// The kernel's route for a group.
public enum GroupRoute: Hashable, Sendable {
  /// The route leads to an interface.
  case by(NetworkInterface)
  /// No route leads to the group.
  case none
  /// A route forbids sending there, such as a blackhole.
  case nowhere
}
