import Foundation
import TestSupport
import Testing

@Suite("A network that changes", .enabled(if: Namespace.isAvailable, "needs a network namespace"))
struct FollowingNetworkTests {
  let home = TemporaryDirectory()

  func start(
    _ node: Int, _ arguments: String..., in namespace: Namespace, _ family: Family = .ipv4, shell: String? = nil
  ) throws -> PeerProcess {
    try PeerProcess(
      ["\(node)"] + (family == .ipv4 ? [] : ["-g", family.group]) + arguments, home: home,
      secret: Vectors.shared.secret, namespace: namespace, shell: shell)
  }

  /// Changes a multicast route. IPv4 groups need it, and for IPv6 groups it precedes the automatic routes of
  /// interfaces.
  func route(_ namespace: Namespace, _ family: Family, _ verb: String, _ name: String) throws {
    try namespace.run(
      family == .ipv4
        ? "ip route \(verb) 239.0.0.0/8 dev \(name)" : "ip -6 route \(verb) ff15::/16 dev \(name) table local")
  }

  func isMember(_ bridge: Namespace, _ group: String = "239.255.0.1") throws -> Bool {
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
  func sources(of listener: PeerProcess) throws -> Set<String> {
    try Set(
      listener.events("received").compactMap { $0.source.map { String($0[..<($0.lastIndex(of: ":") ?? $0.endIndex)]) } }
    )
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
    try await peer.waitForError(" on red, TTL 1")
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
  func heardAgain(_ peer: PeerProcess, _ node: Int) async throws {
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
    try await peer.waitForError(" on red, TTL 1")
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
    try await peer.waitForError(" on red, TTL 1")
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
