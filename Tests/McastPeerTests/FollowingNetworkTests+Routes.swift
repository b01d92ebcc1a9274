import Foundation
import TestSupport
import Testing

// MARK: - Routes

extension FollowingNetworkTests {
  @Test(
    "a peer started before the network stays on loopback, says so, and moves once there is a route",
    arguments: Family.all)
  func startedEarly(family: Family) async throws {
    let (here, there) = (try Namespace(), try Namespace())
    let early = try start(0, "-i", "0.2", "-o", "json", in: here, family)
    let watch = try PeerProcess(
      ["watch", "-g", family.group], home: home, secret: Vectors.shared.secret, namespace: here)
    try await early.waitForError("the kernel has no route for \(family.group), so this is loopback (lo) only")
    try await watch.waitForError("so this is loopback (lo) only")
    try await early.waitForError(" on lo, TTL 1")
    try here.connect("red", family.own(11, 1), to: there, family.own(11, 2))
    // IPv6 has a multicast route for each interface.
    if family == .ipv4 { try route(here, family, "add", "red") }
    let said = "the kernel's route for \(family.group) leads by red now: joined it there, and left lo"
    for process in [early, watch] { try await process.waitForError(said) }
    let other = try start(1, "-i", "0.2", "-I", "red", in: there, family)
    try await other.waitUntilHeard(0)
    try await early.waitForEvent("received") { $0.member == 1 && $0.interface == "red" }
    try await eventually("the watcher to see member 1") { try watch.output.contains("member 1 up") }
    try await early.waitForEvent("sent") { $0.interface == "red" }
    early.signal(SIGTERM)
    #expect(try await early.exitCode() == 0)
    let events = try early.events
    #expect(events.contains { $0.event == "peer" && $0.cause == "noRoute" })
    #expect(events.contains { $0.event == "peer" && $0.cause == "routeChanged" })
    #expect(events.first?.interfaces == ["lo"])
    _ = try await Project.validate(try early.output)
  }

  @Test("a route that moves, disappears and returns is followed and reported", arguments: Family.all)
  func routeMoves(family: Family) async throws {
    let (here, there) = (try Namespace(), try Namespace())
    for (number, name) in ["red", "blue"].enumerated() {
      try here.connect(name, family.own(11 + number, 1), to: there, family.own(11 + number, 2))
    }
    try route(here, family, "add", "red")
    let peer = try start(0, "-i", "0.2", in: here, family)
    let others = [
      try start(1, "-i", "0.2", "-I", "red", in: there, family),
      try start(2, "-i", "0.2", "-I", "blue", in: there, family),
    ]
    try await others[0].waitUntilHeard(0)
    try await peer.waitUntilHeard(1)
    try route(here, family, "del", "red")
    // Without this route, an IPv6 group has that of the first interface.
    if family == .ipv4 {
      try await peer.waitForError(
        "no longer has a route for \(family.group): this peer stays on red until there is one")
      try await others[0].waitUntilHeard(0, count: others[0].shown(from: 0).count + 3)
    }
    try route(here, family, "add", "blue")
    try await peer.waitForError("leads by blue now: joined it there, and left red")
    try await others[1].waitUntilHeard(0)
    try await peer.waitUntilHeard(2)
    // The peer is no longer a member on the former interface.
    let heard = try peer.shown(from: 1).count
    try await peer.waitUntilHeard(2, count: peer.shown(from: 2).count + 10)
    #expect(try peer.shown(from: 1).count <= heard + 1)
    try route(here, family, "del", "blue")
    try route(here, family, "add", "red")
    try await peer.waitForError("leads by red now")
    try await peer.waitUntilHeard(1, count: heard + 3)
    #expect(peer.isRunning)
  }

  @Test(
    "if the route's interface is replaced, the peer joins the new one with its route",
    arguments: Family.all)
  func routeIsReplaced(family: Family) async throws {
    let (here, there) = (try Namespace(), try Namespace())
    try here.connect("red", family.own(11, 1), to: there, family.own(11, 2), index: 77)
    try route(here, family, "add", "red")
    let peer = try start(0, "-i", "0.2", in: here, family)
    try await peer.waitForError(" on red, TTL 1")
    try here.run("ip link del red")
    try await peer.waitForError("interface red is gone: nothing is heard until it is back")
    try await peer.waitForError("no longer has a route for \(family.group): this peer stays on red")
    try here.connect("red", family.own(11, 1), to: there, family.own(11, 2), index: 78)
    try route(here, family, "add", "red")
    try await peer.waitForError("interface red is back: joined \(family.group) again")
    try await peer.waitForError("the kernel's route for \(family.group) leads by red again")
    let other = try start(1, "-i", "0.2", "-I", "red", in: there, family)
    try await other.waitUntilHeard(0)
    try await peer.waitUntilHeard(1)
  }

  @Test("the warning about loopback names all other interfaces that are up")
  func namesOthers() async throws {
    let (namespace, there) = (try Namespace(), try Namespace())
    try namespace.connect("red", "10.11.0.1/24", to: there, "10.11.0.2/24")
    let peer = try start(0, in: namespace)
    try await peer.waitForError("loopback (lo) only until it has one: if the others are on the network of red")
    #expect(try peer.errors.contains("(-I red)"))
    try namespace.addInterface("blue", address: "10.12.0.1/24")
    let later = try start(1, in: namespace)
    try await later.waitForError("choose an interface with --interface; up are ")
    #expect(try later.errors.contains("red") && later.errors.contains("blue"))
  }

  /// A host with an interface `red` at a port of a snooping bridge, as at a switch.
  func snooped() throws -> (host: Namespace, bridge: Namespace) {
    let (host, bridge) = (try Namespace(), try Namespace())
    try bridge.addBridge("bridge")
    try bridge.run("ip link set bridge type bridge mcast_snooping 1 mcast_querier 0")
    try host.connect("red", "10.11.0.1/24", toPort: "port", of: "bridge", in: bridge)
    return (host, bridge)
  }

  @Test("the warning names a bridge instead of its ports, and quotes interface names in commands")
  func namesNoPorts() async throws {
    let (namespace, there) = (try Namespace(), try Namespace())
    try namespace.connect("a;b", "10.11.0.1/24", to: there, "10.11.0.2/24")
    let peer = try start(0, in: namespace)
    try await peer.waitForError("if the others are on the network of a;b, choose that (-I 'a;b')")
    guard Namespace.canBridge else { return }
    let (_, bridge) = try snooped()
    let later = try start(1, in: bridge)
    try await later.waitForError("if the others are on the network of bridge, choose that (-I bridge)")
  }
}
