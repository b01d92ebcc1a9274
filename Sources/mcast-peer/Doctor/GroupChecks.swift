import MulticastDTLS

/// The self-test of the group.
struct GroupChecks {
  let network: NetworkConfiguration
  let interfaces: [NetworkInterface]

  /// Sends a message to the group, and receives it again. The message stays on this machine.
  func selfTest() -> Finding {
    let name = interfaces[0].name
    let advice =
      "allow UDP port \(network.group.port) to \(network.group.address); see 'nft list ruleset' and 'iptables -S'"
    do {
      return try LoopbackProbe.run(network.group, on: interfaces[0], within: .seconds(1))
        ? .ok("self-test", "this machine hears its own message to \(network.group) on \(name)")
        : .failure(
          "self-test", "this machine does not hear its own message to \(network.group) on \(name): a firewall drops it",
          advice)
    } catch let error as SystemError where error.errno == .notPermitted || error.errno == .permissionDenied {
      return .failure("self-test", "a firewall forbids sending to \(network.group) on \(name) (\(error))", advice)
    } catch let error as SystemError {
      return .failure(
        "self-test", "cannot send to \(network.group) on \(name): \(error.errno)",
        "see the interfaces and the route above")
    } catch {
      return .failure("self-test", "\(error)", nil)
    }
  }
}
