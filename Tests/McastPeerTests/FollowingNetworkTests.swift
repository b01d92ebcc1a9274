import Foundation
import TestSupport
import Testing

@Suite("A network that changes", .enabled(if: Namespace.isAvailable, "needs a network namespace"))
struct FollowingNetworkTests {
  private let home = TemporaryDirectory()

  private func start(
    _ node: Int, _ arguments: String..., in namespace: Namespace, _ family: Family = .ipv4, shell: String? = nil
  ) throws -> PeerProcess {
    try PeerProcess(
      ["\(node)"] + (family == .ipv4 ? [] : ["-g", family.group]) + arguments, home: home,
      secret: Vectors.shared.secret, namespace: namespace, shell: shell)
  }

  /// Changes a multicast route. IPv4 groups need it, and for IPv6 groups it precedes the automatic routes of
  /// interfaces.
  private func route(_ namespace: Namespace, _ family: Family, _ verb: String, _ name: String) throws {
    try namespace.run(
      family == .ipv4
        ? "ip route \(verb) 239.0.0.0/8 dev \(name)" : "ip -6 route \(verb) ff15::/16 dev \(name) table local")
  }

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
    try await early.waitForError("interface lo, TTL 1")
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
        "has no route for \(family.group) any more: this peer stays on red until there is one")
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
    try await peer.waitForError("interface red, TTL 1")
    try here.run("ip link del red")
    try await peer.waitForError("interface red is gone: nothing is heard until it is back")
    try await peer.waitForError("has no route for \(family.group) any more: this peer stays on red")
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
  private func snooped() throws -> (host: Namespace, bridge: Namespace) {
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

  private func isMember(_ bridge: Namespace, _ group: String = "239.255.0.1") throws -> Bool {
    try bridge.run("bridge mdb show dev bridge").contains("port port grp \(group)")
  }

  @Test(
    "after a lost carrier, peers report their membership to the switch again, also beside other members",
    .enabled(if: Namespace.canBridge, "needs a bridge"), arguments: [1, 3])
  func carrier(peers: Int) async throws {
    let (host, bridge) = try snooped()
    let all = try (0..<peers).map { try start($0, "-I", "red", "--listen", in: host) }
    for (node, peer) in all.enumerated() { try await peer.waitUntilReady(node: node) }
    try await eventually("the switch to know of the group") { try isMember(bridge) }
    try bridge.run("ip link set port down")
    for peer in all {
      try await peer.waitForError("interface red has no carrier: nothing is heard of other machines until it is back")
    }
    #expect(try !isMember(bridge))
    try bridge.run("ip link set port up")
    try await eventually("the switch to know of the group again") { try isMember(bridge) }
    for peer in all { try await peer.waitForError("interface red is back: joined 239.255.0.1:12345 again") }
  }

  @Test(
    "a membership with sources is reported again, also after a short loss of the carrier",
    .enabled(if: Namespace.canBridge, "needs a bridge"), arguments: Family.all)
  func carrierOfSources(family: Family) async throws {
    let (host, bridge) = try snooped()
    let group = family == .ipv4 ? "232.1.1.1" : "ff35::7"
    // The switch understands IGMPv3 and MLDv2.
    try bridge.run("ip link set bridge type bridge mcast_igmp_version 3 mcast_mld_version 2")
    if family == .ipv6 { try host.run("ip addr add \(family.own(11, 1)) dev red nodad") }
    let peer = try PeerProcess(
      [
        "0", "-I", "red", "--listen", "-g", family == .ipv4 ? "\(group):12345" : "[\(group)]:12345", "--source",
        family.address(11, 9),
      ], home: home, secret: Vectors.shared.secret, namespace: host)
    try await peer.waitUntilReady(node: 0)
    try await eventually("the switch to know of the group") { try isMember(bridge, group) }
    // The kernel repeats each report within a second. Later reports come from the peer.
    try await Task.sleep(for: .seconds(4))
    try bridge.run("ip link set port down")
    try bridge.run("ip link set port up")
    try await eventually("the switch to know of the group again") { try isMember(bridge, group) }
  }

  /// The source addresses of the received messages.
  private func sources(of listener: PeerProcess) throws -> Set<String> {
    try Set(
      listener.events("received").compactMap { $0.source.map { String($0[..<($0.lastIndex(of: ":") ?? $0.endIndex)]) } }
    )
  }

  @Test("without an address on its interface, a peer sends nothing, and later loses no line", arguments: Family.all)
  func noAddress(family: Family) async throws {
    let (here, there) = (try Namespace(), try Namespace())
    try here.connect("red", family.own(11, 1), to: there, family.own(11, 2))
    // The kernel would use this address instead.
    try here.connect("blue", family.own(12, 1), to: there, family.own(12, 2))
    try here.run("ip addr flush dev red")
    let listener = try start(1, "-I", "red", "--listen", "-o", "json", in: there, family)
    try await listener.waitForEvent("start")
    let peer = try start(
      0, "-I", "red", "--stdin", in: here, family, shell: "printf 'one\\ntwo\\nthree\\n' | exec \"$0\" \"$@\"")
    let name = family == .ipv4 ? "IPv4" : "IPv6"
    try await peer.waitForError("interface red has no \(name) address: nothing is sent until it has")
    try await peer.waitForError("cannot send to \(family.group)")
    try await Task.sleep(for: .seconds(1))
    #expect(try !peer.output.contains("Sent"))
    try here.run("ip addr add \(family.own(11, 1)) dev red")
    #expect(try await peer.exitCode() == 0)
    try await eventually("all lines") { try listener.events("received").count == 3 }
    let sources = try sources(of: listener)
    #expect(sources == [family == .ipv4 ? "10.11.0.1" : "[fd11::1]"])
    #expect(try peer.errors.components(separatedBy: "cannot send").count == 2)
  }

  @Test("sending stops when the address is removed, and continues from a new address", arguments: Family.all)
  func addressChanges(family: Family) async throws {
    let (here, there) = (try Namespace(), try Namespace())
    try here.connect("red", family.own(11, 1), to: there, family.own(11, 2))
    try here.connect("blue", family.own(12, 1), to: there, family.own(12, 2))
    let listener = try start(1, "-I", "red", "--listen", "-o", "json", in: there, family)
    try await listener.waitForEvent("start")
    let peer = try start(0, "-I", "red", "-i", "0.05", in: here, family)
    try await listener.waitForEvent("received")
    try here.run("ip addr flush dev red")
    try await peer.waitForError("nothing is sent until it has")
    try await Task.sleep(for: .seconds(1))
    try here.run("ip addr add \(family.own(11, 5)) dev red")
    let address = family == .ipv4 ? "10.11.0.5" : "[fd11::5]"
    try await listener.waitForEvent("received") { $0.source?.hasPrefix("\(address):") == true }
    try await peer.waitForError("interface red has the address")
    let sources = try sources(of: listener)
    #expect(sources == [family == .ipv4 ? "10.11.0.1" : "[fd11::1]", address])
  }

  @Test(
    "a peer with a named address sends from that address alone, and waits while it is gone", arguments: Family.all)
  func namedAddress(family: Family) async throws {
    let (here, there) = (try Namespace(), try Namespace())
    try here.connect("red", family.own(11, 1), to: there, family.own(11, 2))
    for host in [3, 4] { try here.run("ip addr add \(family.own(11, host)) dev red") }
    let listener = try start(9, "-I", "red", "--listen", "--peers", "0-9", "-o", "json", in: there, family)
    try await listener.waitForEvent("start")
    func address(_ host: Int) -> String { family == .ipv4 ? "10.11.0.\(host):" : "[fd11::\(host)]:" }
    var peers: [PeerProcess] = []
    for host in [1, 3, 4] {
      // One peer sends single messages, and one sends batches.
      peers.append(try start(host, "--peers", "0-9", "-i", "0.1", "-I", family.address(11, host), in: here, family))
      peers.append(
        try start(
          host + 4, "--peers", "0-9", "--rate", "2000", "-c", "400", "-I", family.address(11, host), in: here, family))
    }
    for host in [1, 3, 4] {
      for node in [host, host + 4] {
        try await listener.waitForEvent("received") { $0.member == node && $0.source?.hasPrefix(address(host)) == true }
      }
    }
    for event in try listener.events("received") {
      let node = try #require(event.member)
      #expect(event.source?.hasPrefix(address(node > 4 ? node - 4 : node)) == true, "\(event)")
    }
    try here.run("ip addr del \(family.address(11, 3))/\(family == .ipv4 ? 24 : 64) dev red")
    try await peers[2].waitForError("interface red does not have the address \(family.address(11, 3))")
    try await peers[2].waitForError("cannot send")
    try here.run("ip addr add \(family.own(11, 3)) dev red")
    try await peers[2].waitForError("sending to \(family.group) again")
    #expect(
      try listener.events("received").filter { $0.member == 3 }.allSatisfy { $0.source?.hasPrefix(address(3)) == true })
  }

  @Test(
    "a peer follows its named address to another interface, and each message names its interface",
    arguments: Family.all, ["", "label blue:vip"])
  func movedAddress(family: Family, label: String) async throws {
    guard family == .ipv4 || label.isEmpty else { return }
    let (here, there) = (try Namespace(), try Namespace())
    for (number, name) in ["red", "blue"].enumerated() {
      try here.connect(name, family.own(11 + number, 1), to: there, family.own(11 + number, 2))
    }
    let bits = family == .ipv4 ? 24 : 64
    try here.run("ip addr add \(family.address(13, 7))/\(bits) dev red")
    let peer = try start(0, "-I", family.address(13, 7), "-i", "0.05", "-o", "json", in: here, family)
    try await peer.waitForEvent("sent") { $0.interface == "red" }
    try here.run("ip addr del \(family.address(13, 7))/\(bits) dev red")
    try here.run("ip addr add \(family.address(13, 7))/\(bits) dev blue \(label)")
    try await peer.waitForEvent("sent") { $0.interface == "blue" }
    let other = try start(1, "-I", "blue", "-i", "0.05", in: there, family)
    try await other.waitUntilHeard(0)
    try await peer.waitForEvent("received") { $0.member == 1 && $0.interface == "blue" }
    let interfaces = try peer.events("sent").map(\.interface)
    let first = try #require(interfaces.firstIndex(of: "blue"))
    #expect(interfaces[first...].allSatisfy { $0 == "blue" } && interfaces[..<first].allSatisfy { $0 == "red" })
    #expect(try peer.events("peer").contains { $0.cause == "interfaceBack" })
  }

  @Test("a renamed interface is gone, and nothing is sent on it until it has its name back", arguments: Family.all)
  func renamed(family: Family) async throws {
    let (here, there) = (try Namespace(), try Namespace())
    try here.connect("red", family.own(11, 1), to: there, family.own(11, 2))
    let listener = try start(1, "-I", "red", "--listen", in: there, family)
    try await listener.waitUntilReady(node: 1)
    let peer = try start(0, "-I", "red", "-i", "0.05", in: here, family)
    try await listener.waitUntilHeard(0)
    try here.run("ip link set red down")
    try here.run("ip link set red name green")
    try here.run("ip link set green up")
    if family == .ipv6 { try here.run("ip addr replace \(family.own(11, 1)) dev green nodad") }
    try await peer.waitForError("interface red is gone: nothing is heard until it is back")
    try await peer.waitForError("cannot send to \(family.group)")
    let heard = try listener.shown(from: 0).count
    try await Task.sleep(for: .seconds(1))
    #expect(try listener.shown(from: 0).count == heard)
    try here.run("ip link set green down")
    try here.run("ip link set green name red")
    try here.run("ip link set red up")
    if family == .ipv6 { try here.run("ip addr replace \(family.own(11, 1)) dev red nodad") }
    try await peer.waitForError("interface red is back: joined \(family.group) again")
    try await listener.waitUntilHeard(0, count: heard + 3)
  }

  @Test("a network slower than the sender is reported in few lines", arguments: ["text", "json"])
  func slowNetwork(output: String) async throws {
    let (here, there) = (try Namespace(), try Namespace())
    try here.connect("red", "10.11.0.1/24", to: there, "10.11.0.2/24")
    try here.run("tc qdisc add dev red root tbf rate 2mbit burst 5kb limit 4mb")
    let peer = try start(
      0, "-I", "red", "-i", "0.001", "-m", String(repeating: "x", count: 1300), "-o", output, in: here)
    try await peer.waitForError("the network takes less than is sent to 239.255.0.1:12345")
    let before = try peer.errors.split(separator: "\n").count
    try await Task.sleep(for: .seconds(4))
    // After the first line, changes are reported after 1 s, 2 s, 4 s and so on.
    #expect(try peer.errors.split(separator: "\n").count <= before + 8)
    if output == "json" { #expect(try peer.events("error").count <= 8) }
    #expect(try !peer.errors.contains("until the network is back"))
  }

  @Test("a listener without an address warns of datagrams that it may miss")
  func listenerWithoutAddress() async throws {
    let (here, there) = (try Namespace(), try Namespace())
    try here.connect("red", "10.11.0.1/24", to: there, "10.11.0.2/24")
    try here.run("ip addr flush dev red")
    let peer = try start(0, "-I", "red", "--listen", in: here)
    try await peer.waitForError("interface red has no IPv4 address: the kernel may drop what arrives until it has")
  }

  @Test("an interface is known by each of its names, and joined once if named several times", arguments: Family.all)
  func otherNames(family: Family) async throws {
    let (here, there) = (try Namespace(), try Namespace())
    try here.connect("red", family.own(11, 1), to: there, family.own(11, 2))
    let long = "a-name-that-is-longer-than-an-interface-has"
    for name in ["rouge", long] { try here.run("ip link property add dev red altname \(name)") }
    let other = try start(9, "-I", "red", "--peers", "0-9", "-i", "0.2", in: there, family)
    for (node, names) in [["rouge"], [long], ["red", "rouge", long, family.address(11, 1), "red"]].enumerated() {
      let arguments = names.flatMap { ["-I", $0] }
      let peer = try PeerProcess(
        ["\(node)", "-g", family.group, "--peers", "0-9", "-i", "0.2", "-o", "json"] + arguments, home: home,
        secret: Vectors.shared.secret, namespace: here)
      try await peer.waitForEvent("received") { $0.member == 9 && $0.interface == "red" }
      try await other.waitUntilHeard(node)
      #expect(try peer.events("start").first?.interfaces == ["red"])
      let sequences = try peer.events("received").map(\.sequence)
      #expect(Set(sequences).count == sequences.count)
    }
  }

  @Test("an interface chosen by its altname is found by it after a change of its name")
  func otherNameComesBack() async throws {
    let (here, there) = (try Namespace(), try Namespace())
    try here.connect("red", "10.11.0.1/24", to: there, "10.11.0.2/24")
    try here.run("ip link property add dev red altname rouge")
    let peer = try start(0, "-I", "rouge", "-i", "0.2", in: here)
    try await peer.waitForError("interface red, TTL 1")
    try here.run("ip link del red")
    try await peer.waitForError("interface red is gone: nothing is heard until it is back")
    try here.connect("blue", "10.11.0.1/24", to: there, "10.11.0.2/24")
    try here.run("ip link property add dev blue altname rouge")
    try await peer.waitForError("interface blue is back: joined 239.255.0.1:12345 again")
    let other = try start(1, "-I", "blue", "-i", "0.2", in: there)
    try await other.waitUntilHeard(0)
    try await peer.waitUntilHeard(1)
  }

  /// Waits until a peer has printed five more messages of another one.
  private func heardAgain(_ peer: PeerProcess, _ node: Int) async throws {
    let count = try peer.shown(from: node).count
    try await peer.waitUntilHeard(node, count: count + 5)
  }

  @Test("IPv6 is heard again after a time with a too small MTU, in which the kernel drops its memberships")
  func smallMTU() async throws {
    let (here, there) = (try Namespace(), try Namespace())
    try here.connect("red", Family.ipv6.own(11, 1), to: there, Family.ipv6.own(11, 2))
    let peer = try start(0, "-I", "red", "-i", "0.1", in: here, .ipv6)
    let other = try start(1, "-I", "red", "-i", "0.1", in: there, .ipv6)
    try await peer.waitUntilHeard(1)
    try here.run("ip link set red mtu 1200")
    try await peer.waitForError("interface red has no IPv6 address")
    try here.run("ip link set red mtu 1500")
    try here.run("ip addr add \(Family.ipv6.own(11, 1)) dev red")
    try await heardAgain(other, 0)
    try await heardAgain(peer, 1)
  }

  @Test("an interface that is removed and returns at once with the same index is joined again", arguments: Family.all)
  func sameNumber(family: Family) async throws {
    let (here, there) = (try Namespace(), try Namespace())
    try here.connect("red", family.own(11, 1), to: there, family.own(11, 2), index: 77)
    let peer = try start(0, "-I", "red", "-i", "0.1", in: here, family)
    try await peer.waitForError("interface red, TTL 1")
    try here.run("ip link del red")
    try here.connect("red", family.own(11, 1), to: there, family.own(11, 2), index: 77)
    let other = try start(1, "-I", "red", "-i", "0.1", in: there, family)
    try await heardAgain(other, 0)
    try await heardAgain(peer, 1)
  }

  @Test("a peer stays on its interface when an altname moves, and its log lines are true")
  func nameTaken() async throws {
    let (here, there) = (try Namespace(), try Namespace())
    for (number, name) in ["red", "blue"].enumerated() {
      try here.connect(name, "10.1\(number).0.1/24", to: there, "10.1\(number).0.2/24")
    }
    try here.run("ip link property add dev red altname rouge")
    let peer = try start(0, "-I", "rouge", "-i", "0.1", in: here)
    try await peer.waitForError("interface red, TTL 1")
    try here.run("ip link property del dev red altname rouge")
    try here.run("ip link property add dev blue altname rouge")
    try await peer.waitForError("the name rouge is at interface blue now")
    try here.run("ip link property del dev blue altname rouge")
    let other = try start(1, "-I", "blue", "-i", "0.1", in: there)
    try await heardAgain(other, 0)
    try await heardAgain(peer, 1)
    #expect(try !peer.errors.contains("is at interface red now"))
  }

  /// The loss of an interface, with its log line.
  enum Loss: String, CaseIterable {
    case down, gone, noCarrier

    var said: String {
      switch self {
      case .down: "interface red is down: nothing is heard until it is back"
      case .gone: "interface red is gone: nothing is heard until it is back"
      case .noCarrier: "interface red has no carrier: nothing is heard of other machines until it is back"
      }
    }
  }

  @Test(
    "a listener reports the loss of its interface once, and its return", arguments: Loss.allCases, Family.all)
  func listener(loss: Loss, family: Family) async throws {
    let (here, there) = (try Namespace(), try Namespace())
    try here.connect("red", family.own(11, 1), to: there, family.own(11, 2), index: 77)
    let peer = try start(0, "--listen", "-I", "red", "-o", "json", in: here, family)
    let watch = try PeerProcess(
      ["watch", "-g", family.group, "-I", "red"], home: home, secret: Vectors.shared.secret, namespace: here)
    try await peer.waitForEvent("start")
    try await watch.waitForError("watching ")
    switch loss {
    case .down: try here.run("ip link set red down")
    case .gone: try here.run("ip link del red")
    case .noCarrier: try there.run("ip link set red down")
    }
    for process in [peer, watch] { try await process.waitForError(loss.said) }
    try await Task.sleep(for: .seconds(2))
    switch loss {
    case .down: try here.run("ip link set red up")
    case .gone: try here.connect("red", family.own(11, 1), to: there, family.own(11, 2), index: 78)
    case .noCarrier: try there.run("ip link set red up")
    }
    for process in [peer, watch] { try await process.waitForError("interface red is back") }
    #expect(try peer.errors.components(separatedBy: loss.said).count == 2)
    let other = try start(1, "-i", "0.2", "-I", "red", in: there, family)
    try await peer.waitForEvent("received")
    // IPv6 first checks for duplicate addresses.
    try await peer.waitForEvent("peer") { $0.cause == "interfaceBack" }
    #expect(other.isRunning)
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)
    #expect(try peer.events("peer").contains { $0.cause == "interfaceAway" })
    _ = try await Project.validate(try peer.output)
  }

  @Test("an interface that is down at the start is reported")
  func downAtStart() async throws {
    let namespace = try Namespace()
    try namespace.addInterface("red", address: "10.11.0.1/24")
    try namespace.run("ip link set red down")
    let peer = try start(0, "--listen", "-I", "red", in: namespace)
    try await peer.waitForError(Loss.down.said)
    try namespace.run("ip link set red up")
    try await peer.waitForError("interface red is back")
  }

  @Test("too many sources or interfaces for the kernel are an error, and the command that it names helps")
  func limits() async throws {
    let namespace = try Namespace()
    try namespace.addInterface("red", address: "10.11.0.1/24")
    let sources = (2...12).flatMap { ["--source", "10.11.0.\($0)"] }
    func run(_ arguments: [String]) async throws -> (code: Int32, errors: String) {
      let peer = try PeerProcess(
        ["0", "-c", "1", "-i", "0.1"] + arguments, home: home, secret: Vectors.shared.secret, namespace: namespace)
      return (try await peer.exitCode(), try peer.errors)
    }
    let many = ["-I", "red", "-g", "232.1.1.1"] + sources
    try namespace.run("sysctl -w net.ipv4.igmp_max_msf=10")
    let refused = try await run(many)
    #expect(refused.code == 69 && refused.errors.contains("sysctl -w net.ipv4.igmp_max_msf=11"), "\(refused)")
    try namespace.run("sysctl -w net.ipv4.igmp_max_msf=11")
    #expect(try await run(many).code == 0)

    try namespace.run("sysctl -w net.ipv4.igmp_max_memberships=1")
    let two = ["-I", "red", "-I", "lo"]
    let refusedTwo = try await run(two)
    #expect(
      refusedTwo.code == 69 && refusedTwo.errors.contains("sysctl -w net.ipv4.igmp_max_memberships=2"), "\(refusedTwo)")
    try namespace.run("sysctl -w net.ipv4.igmp_max_memberships=2")
    #expect(try await run(two).code == 0)
  }

  @Test("a port bound by another program is an error that says how to find the program", arguments: Family.all)
  func portInUse(family: Family) async throws {
    let namespace = try Namespace()
    try namespace.addInterface("red", address: family.own(11, 1))
    let holder = try PeerProcess.holdingPort(family, in: namespace)
    try await holder.waitForLine("bound")
    let peer = try start(0, "-I", "red", in: namespace, family)
    #expect(try await peer.exitCode() == 69)
    let errors = try peer.errors
    #expect(errors.contains("another program has UDP port 12345 for itself"), "\(errors)")
    #expect(errors.contains("ss -ulpn 'sport = :12345'") && !errors.contains("another group"), "\(errors)")
    #expect(try namespace.run("ss -ulpn sport = :12345").contains("python3"))
  }
}
