import MulticastDTLS

/// The check of the group itself: whether this machine hears itself.
struct GroupChecks {
  let network: NetworkConfiguration
  let interfaces: [NetworkInterface]

  /// Sends to the group and listens, without leaving this machine.
  func selfTest() -> Finding {
    let name = interfaces[0].name
    let advice =
      "look at 'nft list ruleset' and 'iptables -S', and allow UDP port \(network.group.port) to \(network.group.address)"
    do {
      return try LoopbackProbe.run(network.group, on: interfaces[0], within: .seconds(1))
        ? .ok("self-test", "what is sent to \(network.group) on \(name) is heard on this machine")
        : .failure(
          "self-test", "what is sent to \(network.group) on \(name) is not heard on this machine: a firewall drops it",
          advice)
    } catch let error as SystemError where error.errno == .notPermitted || error.errno == .permissionDenied {
      return .failure(
        "self-test", "sending to \(network.group) on \(name) is forbidden, by a firewall (\(error))", advice)
    } catch let error as SystemError {
      return .failure(
        "self-test", "cannot send to \(network.group) on \(name): \(error.errno)",
        "see the interfaces and the route above")
    } catch {
      return .failure("self-test", "\(error)", nil)
    }
  }
}
