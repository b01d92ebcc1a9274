import CommonSupport
import MulticastDTLS

extension NetworkEvent {
  /// The event as one line for a person, with a remedy.
  func text(_ group: GroupAddress) -> String {
    let family = group.address.isIPv4 ? "IPv4" : "IPv6"
    switch self {
    case .interfaceGone(let interface, let condition, let part):
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
    case .interfaceBack(let interface, after: .noAddress, .some(let source), _):
      return "interface \(interface.name) has the address \(source) now"
    case .interfaceBack(let interface, _, _, let isJoinedAgain):
      return "interface \(interface.name) is back" + (isJoinedAgain ? ": joined \(group) again" : "")
    case .interfaceMoved(let interface, let former) where interface.index == former.index:
      return "interface \(former.name) has the name \(interface.name) now"
    case .interfaceMoved(let interface, let former):
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
    case .routeChanged(let interface, let former) where interface.name == former.name:
      return "the kernel's route for \(group) leads by \(interface.name) again"
    case .routeChanged(let interface, let former):
      return "the kernel's route for \(group) leads by \(interface.name) now: joined it there, and left \(former.name)"
    case .routeGone(let route, let interface):
      return "the kernel "
        + (route == .none ? "no longer has a route for \(group)" : "has a route for \(group) that leads nowhere")
        + ": this peer stays on \(interface.name) until there is one"
    }
  }
}
