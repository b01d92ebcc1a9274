import MulticastDTLS

extension PeerEvent.Kind {
  /// True for the events of JSON's `key`, which are about the keys that members send with.
  var isAboutKeys: Bool { [.keyChange, .rotation, .keyRemoved].contains(self) }

  /// True for the events that may change the name or the number of an interface.
  var isAboutNetwork: Bool { [.interfaceGone, .interfaceBack, .noRoute, .routeChanged].contains(self) }

  /// True for the events that are only logged: they are no fact of a member, the keys or the network.
  var isOnlyLogged: Bool { [.state, .failed].contains(self) }
}
