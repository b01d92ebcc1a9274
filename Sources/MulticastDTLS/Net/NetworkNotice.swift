import Logging

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

  var cause: Notice.Cause {
    switch self {
    case .away: .interfaceAway
    case .back, .moved: .interfaceBack
    case .noRoute, .routeGone: .noRoute
    case .routed: .routeChanged
    }
  }

  var level: Logger.Level {
    switch self {
    case .away, .noRoute, .routeGone: .warning
    case .back, .moved, .routed: .info
    }
  }

  /// The notice as a line for a person.
  func text(_ group: GroupAddress) -> String {
    let family = group.address.isIPv4 ? "IPv4" : "IPv6"
    switch self {
    case .away(let interface, let condition, let part):
      let deaf = part.isOnly ? "nothing is heard" : "nothing is heard there"
      switch condition {
      case .gone: return "interface \(interface.name) is gone: \(deaf) until it is back"
      case .down: return "interface \(interface.name) is down: \(deaf) until it is back"
      case .noCarrier: return "interface \(interface.name) has no carrier: \(deaf) of other machines until it is back"
      case .noAddress(let named):
        let lack = named.map { "does not have the address \($0)" } ?? "has no \(family) address"
        let back = part.isJoinedAgain ? "is back: joined \(group) again, but " : "is back, but "
        return "interface \(interface.name) \(part.isBack ? back : "")\(lack): "
          + (part.isSendingOn ? "nothing is sent until it has" : "the kernel may drop what arrives until it has")
      case .refused(let error):
        return "cannot join \(group) on interface \(interface.name): \(error); it is tried again"
      case .ready: return "interface \(interface.name) is ready"
      }
    case .back(let interface, after: .noAddress, .some(let source), _):
      return "interface \(interface.name) has the address \(source) now"
    case .back(let interface, _, _, let isJoinedAgain):
      return "interface \(interface.name) is back" + (isJoinedAgain ? ": joined \(group) again" : "")
    case .moved(let interface, let former) where interface.index == former.index:
      return "interface \(former.name) has the name \(interface.name) now"
    case .moved(let interface, let former):
      let choice =
        interface.address.map { "the address \($0)" } ?? interface.alias.map { "the name \($0)" } ?? former.name
      return "\(choice) is at interface \(interface.name) now: joined \(group) there, and left \(former.name)"
    case .noRoute(let others, let isLoopbackRouted):
      let hint =
        switch others.count {
        case 0: "choose an interface with --interface, or connect this machine to a network"
        case 1: "if the others are on the network of \(others[0]), choose that (-I \(shellWord(others[0])))"
        default: "choose an interface with --interface; up are \(others.map(\.visible).joined(separator: ", "))"
        }
      return "the kernel has no route for \(group), so this is loopback (lo) only until it has one: \(hint)"
        + (isLoopbackRouted
          ? "" : " (nor does loopback take IPv6 multicast without: ip -6 route add local ff00::/8 dev lo table local)")
    case .routed(let interface, let former) where interface.name == former.name:
      return "the kernel's route for \(group) leads by \(interface.name) again"
    case .routed(let interface, let former):
      return "the kernel's route for \(group) leads by \(interface.name) now: joined it there, and left \(former.name)"
    case .routeGone(let route, let interface):
      return "the kernel "
        + (route == .none ? "has no route for \(group) any more" : "has a route for \(group) that leads nowhere")
        + ": this node stays on \(interface.name) until there is one"
    }
  }
}
