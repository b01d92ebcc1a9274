import Foundation
import TestSupport
import Testing

@Suite(
  "Peers in a network namespace",
  .enabled(if: Namespace.isAvailable, "needs ip(8) and the right to make a network namespace"))
struct NamespaceTests {
  private let home = TemporaryDirectory()

  private func start(
    _ node: Int, _ arguments: String..., in namespace: Namespace, _ family: Family = .ipv4
  ) throws -> PeerProcess {
    try PeerProcess(
      ["\(node)"] + (family == .ipv4 ? [] : ["-g", family.group]) + arguments, home: home, namespace: namespace)
  }

  @Test(
    "three peers without any configuration or network hear each other over loopback",
    arguments: Family.all)
  func noConfiguration(family: Family) async throws {
    let namespace = try Namespace()
    if family == .ipv6 { try namespace.routeIPv6OverLoopback() }
    let peers = try (0...2).map { try start($0, in: namespace, family) }
    for (node, peer) in peers.enumerated() {
      try await peer.waitForLine("Node \(node): Sockets ready, joined multicast group \(family.group)")
      try await peer.waitForLine("Node \(node): Sending messages every 3 seconds...")
      // Message 1 may have been sent before all were ready. Message 2 follows three seconds later.
      for other in 0...2 where other != node {
        try await peer.waitForLine(
          "Node \(node): Received from peer \(other): \"Hello from node \(other), message #2\"")
      }
      // For IPv6, this test has added a route over loopback.
      #expect(try peer.errors.contains("no route") == (family == .ipv4))
      #expect(try peer.errors.contains(" on lo, "))
    }
    for peer in peers {
      peer.signal(SIGINT)
      #expect(try await peer.exitCode() == 0)
    }
  }

  @Test(
    "a new secret is a warning, except on loopback, whose peers share the file",
    arguments: [("red", "warning"), ("lo", "info")])
  func newSecret(interface: String, level: String) async throws {
    let namespace = try Namespace()
    try namespace.addInterface("red", address: Family.ipv4.own(11, 1))
    for isNew in [true, false] {
      let peer = try start(0, "-I", interface, "-c", "1", in: namespace)
      #expect(try await peer.exitCode() == 0)
      let errors = try peer.errors
      #expect(errors.contains(" \(level) the secret was MADE JUST NOW") == isNew, "\(errors)")
      #expect(isNew || !errors.contains("MADE JUST NOW"), "\(errors)")
    }
  }

  @Test("without -I the kernel's route chooses the interface", arguments: Family.all)
  func kernelsChoice(family: Family) async throws {
    let namespace = try Namespace()
    try namespace.addInterface("red", address: family.own(11, 1))
    try namespace.addInterface("blue", address: family.own(12, 1))
    try namespace.run(family.route("dev blue"))
    let chosen = try start(0, "-i", "0.2", in: namespace, family)
    let onBlue = try start(1, "-i", "0.2", "-I", family.address(12, 1), in: namespace, family)
    try await chosen.waitUntilHeard(1)
    try await eventually("member 1 to hear member 0") { try onBlue.output.contains("Received from peer 0") }
    #expect(try !chosen.errors.contains("no route"))
  }

  @Test("messages on one interface are not received on another", arguments: Family.all)
  func exactlyThatInterface(family: Family) async throws {
    let namespace = try Namespace()
    try namespace.addInterface("red", address: family.own(11, 1))
    try namespace.addInterface("blue", address: family.own(12, 1))
    let red = try [0, 1].map { try start($0, "-i", "0.2", "-I", "red", in: namespace, family) }
    let blue = try start(2, "-i", "0.2", "-I", "blue", in: namespace, family)
    try await red[0].waitUntilHeard(1)
    try await blue.waitForLine("Node 2: Sent: \"Hello from node 2, message #5\"")
    #expect(try !red[0].output.contains("Received from peer 2") && !red[1].output.contains("Received from peer 2"))
    #expect(try !blue.output.contains("Received"))
  }

  @Test(
    "a peer with two interfaces hears both, sends on the first, and does not hear a third that another peer joined",
    arguments: Family.all)
  func twoInterfaces(family: Family) async throws {
    let (here, there) = (try Namespace(), try Namespace())
    for (number, name) in ["red", "blue", "green"].enumerated() {
      try here.connect(name, family.own(11 + number, 1), to: there, family.own(11 + number, 2))
    }
    // With this member on green, the kernel would also deliver datagrams from green to other sockets of the group.
    let onGreen = try start(5, "--peers", "0-5", "--listen", "-I", "green", in: here, family)
    let peer = try start(0, "--peers", "0-5", "-i", "0.2", "-I", "red", "-I", "blue", "-o", "json", in: here, family)
    try await peer.waitForError(" on red, blue, TTL ")
    try await onGreen.waitUntilReady(node: 5)
    let others = try ["red", "blue", "green"].enumerated().map { number, name in
      try start(number + 1, "--peers", "0-5", "-i", "0.2", "-I", name, in: there, family)
    }
    try await eventually("each listener to hear its interfaces") {
      let output = try peer.output
      return try (1...2).allSatisfy { output.components(separatedBy: "\"text\":\"Hello from node \($0), ").count > 5 }
        && others[0].shown(from: 0).count >= 5 && onGreen.shown(from: 3).count >= 5
    }
    for line in try peer.lines where line.contains("\"received\"") {
      let (name, network) = line.contains("\"member\":1,") ? ("red", 11) : ("blue", 12)
      #expect(line.contains("\"interface\":\"\(name)\"") && !line.contains("\"member\":3,"), "\(line)")
      let source = family == .ipv4 ? "10.\(network).0.2:" : "[fd\(network)::2]:"
      #expect(line.contains("\"source\":\"\(source)"), "\(line)")
    }
    #expect(try others[1].shown() == [:] && others[2].shown() == [:])
    #expect(try Set(onGreen.shown().keys) == [3])
  }

  @Test("a replaced interface is joined again while another interface is busy", arguments: Family.all)
  func oneOfTwoReplaced(family: Family) async throws {
    let (here, there) = (try Namespace(), try Namespace())
    try here.connect("red", family.own(11, 1), to: there, family.own(11, 2), index: 77)
    try here.connect("blue", family.own(12, 1), to: there, family.own(12, 2))
    let peer = try start(0, "--listen", "-I", "blue", "-I", "red", in: here, family)
    try await peer.waitUntilReady(node: 0)
    let busy = try start(1, "-i", "0.1", "-I", "blue", in: there, family)
    try await eventually("the busy one") { try peer.shown(from: 1).count >= 5 }
    try here.run("ip link del red")
    try await Task.sleep(for: .seconds(2))
    try here.connect("red", family.own(11, 1), to: there, family.own(11, 2), index: 78)
    try await peer.waitForError("interface red is back: joined \(family.group) again")
    let other = try start(2, "-i", "0.2", "-I", "red", in: there, family)
    try await eventually("the other") { try peer.shown(from: 2).count >= 3 }
    #expect(busy.isRunning && other.isRunning)
  }

  @Test("a link-local group uses the interface in its zone")
  func zone() async throws {
    try #require(Family.all.contains(.ipv6))
    let (here, there) = (try Namespace(), try Namespace())
    for (number, name) in ["red", "blue"].enumerated() {
      try here.connect(name, Family.ipv6.own(11 + number, 1), to: there, Family.ipv6.own(11 + number, 2))
    }
    func start(_ node: Int, _ zone: String, in namespace: Namespace) throws -> PeerProcess {
      try PeerProcess(
        ["\(node)", "-i", "0.2", "-g", "[ff02::1234%\(zone)]:5000"], home: home, namespace: namespace)
    }
    let peers = [try start(0, "red", in: here), try start(1, "red", in: there)]
    let apart = try start(2, "blue", in: there)
    for node in 0...1 {
      try await eventually("member \(node) to hear the other") { try peers[node].shown(from: 1 - node).count >= 5 }
      #expect(try peers[node].shown(from: 2) == [])
    }
    #expect(try apart.shown() == [:])
    let wrong = try PeerProcess(["0", "-g", "ff02::1234%red", "-I", "blue"], home: home, namespace: here)
    #expect(try await wrong.exitCode() == 64)
    #expect(try wrong.errors.contains("give one of them"))
    let missing = try PeerProcess(["0", "-g", "ff02::1234%nope"], home: home, namespace: here)
    #expect(try await missing.exitCode() == 69)
    #expect(try missing.errors.contains("there is no interface 'nope'"))
  }

  @Test("unicast datagrams to the port are not received", arguments: Family.all)
  func unicast(family: Family) async throws {
    let namespace = try Namespace()
    if family == .ipv6 { try namespace.routeIPv6OverLoopback() }
    // A link-local group, since its socket has no address of its own.
    let group = family == .ipv4 ? "239.255.0.1:5000" : "[ff02::1234%lo]:5000"
    let peer = try PeerProcess(
      ["0", "--listen", "--stats", "-I", "lo", "-g", group], home: home, namespace: namespace)
    try await peer.waitUntilReady(node: 0)
    let stranger = family == .ipv4 ? "127.0.0.1" : "::1"
    // The shell itself sends: bash(1), redirection.
    try namespace.run("bash -c echo>/dev/udp/\(stranger)/5000")
    let other = try PeerProcess(["1", "-c", "1", "-I", "lo", "-g", group], home: home, namespace: namespace)
    #expect(try await other.exitCode() == 0)
    try await peer.waitUntilHeard(1, count: 1)
    peer.signal(SIGINT)
    #expect(try await peer.exitCode() == 0)
    #expect(try peer.errors.contains("foreign 0, malformed 0,"))
    #expect(try peer.errors.hasSuffix("dropped by the kernel: 0\n"))
  }

  @Test("over loopback, IPv6 needs a route, and the error names the command that adds it")
  func loopbackRoute() async throws {
    try #require(Family.all.contains(.ipv6))
    let namespace = try Namespace()
    let peer = try start(0, "-I", "lo", in: namespace, .ipv6)
    #expect(try await peer.exitCode() == 69)
    #expect(try peer.errors.contains("ip -6 route add local ff00::/8 dev lo table local"))
  }

  @Test("the route chooses the interface, also if its source address belongs to another one", arguments: Family.all)
  func routeWithForeignSource(family: Family) async throws {
    let namespace = try Namespace()
    try namespace.addInterface("red", address: family.own(11, 1))
    try namespace.run("ip addr add \(family.own(99, 1)) dev lo")
    try namespace.run(family.route("dev red src \(family.address(99, 1))"))
    let chosen = try start(0, "-i", "0.2", in: namespace, family)
    let onRed = try start(1, "-i", "0.2", "-I", "red", in: namespace, family)
    try await onRed.waitUntilHeard(0)
    #expect(try !chosen.errors.contains("no route"))
  }

  @Test(
    "a route to nowhere is an error that names the remedy", arguments: ["blackhole", "prohibit"], Family.all)
  func routeToNowhere(kind: String, family: Family) async throws {
    let namespace = try Namespace()
    try namespace.run("ip route add \(kind) \(family == .ipv4 ? "239.0.0.0/8" : "ff15::/16")")
    let peer = try start(0, in: namespace, family)
    #expect(try await peer.exitCode() == 69)
    let errors = try peer.errors
    #expect(errors.contains(family.group) && errors.contains("--interface"), "\(errors)")
  }

  /// The change of the cable between two hosts, at the first host.
  enum Cut: String, CaseIterable {
    case interfaceDown, interfaceReplaced, interfaceReplacedUnderItsNumber
  }

  @Test(
    "a lost network is reported once, and both sides continue when it is back", arguments: Cut.allCases,
    Family.all)
  func away(cut: Cut, family: Family) async throws {
    let (here, there) = (try Namespace(), try Namespace())
    try here.connect("red", family.own(11, 1), to: there, family.own(11, 2), index: 77)
    let peers = [
      try start(0, "-i", "0.2", "-I", "red", in: here, family),
      try start(1, "-i", "0.2", "-I", "red", in: there, family),
    ]
    try await peers[0].waitUntilHeard(1)
    try await eventually("member 1 to hear member 0") { try peers[1].output.contains("Received from peer 0") }

    try here.run(cut == .interfaceDown ? "ip link set red down" : "ip link del red")
    try await peers[0].waitForError("cannot send")
    // Several intervals without a new line, in which the loop checks the interface.
    try await Task.sleep(for: .seconds(3))
    switch cut {
    case .interfaceDown: try here.run("ip link set red up")
    case .interfaceReplaced: try here.connect("red", family.own(11, 1), to: there, family.own(11, 2), index: 78)
    case .interfaceReplacedUnderItsNumber:
      try here.connect("red", family.own(11, 1), to: there, family.own(11, 2), index: 77)
    }
    try await peers[0].waitForError("sending to \(family.group) again")

    let heard = try peers.map { try $0.lines.count { $0.contains("Received") } }
    for (peer, before) in zip(peers, heard) {
      try await eventually("five more messages") { try peer.lines.count { $0.contains("Received") } >= before + 5 }
    }
    let reports = try peers.map { try $0.errors.components(separatedBy: "cannot send").count - 1 }
    #expect(reports[0] == 1 && reports[1] <= 1)
  }

  @Test(
    "batches cross a network, also if its MTU is too small for their records", arguments: [1500, 1280], Family.all)
  func batches(mtu: Int, family: Family) async throws {
    let (here, there) = (try Namespace(), try Namespace())
    try here.connect("red", family.own(11, 1), to: there, family.own(11, 2))
    for namespace in [here, there] { try namespace.run("ip link set red mtu \(mtu)") }
    let listener = try start(1, "-I", "red", "-i", "3600", in: there, family)
    try await listener.waitForLine("Node 1: Ready. Press Ctrl+C to exit.")
    // Several messages are due in a millisecond, and each is longer than the small MTU.
    let text = String(repeating: "x", count: 1200)
    let sender = try start(0, "-I", "red", "--rate", "5000", "-c", "500", "-m", text, "--stats", in: here, family)
    #expect(try await sender.exitCode() == 0)
    try await listener.waitForLine("Node 1: Received from peer 0: \"\(text), message #500\"")
    let heard = try listener.lines.filter { $0.contains("Received from peer 0") }
    #expect(heard == (1...500).map { "Node 1: Received from peer 0: \"\(text), message #\($0)\"" })
    #expect(try !sender.errors.contains("cannot send"))
    // Own records that loop back do not count as dropped.
    #expect(try sender.errors.hasSuffix("dropped by the kernel: 0\n"))
    #expect(try sender.errors.contains("malformed 0, own 0,") || sender.errors.contains("malformed 0, own 500,"))
  }

  @Test(
    "an interface with a stalled queue is reported, and a signal still ends the peer",
    .enabled(if: Namespace.canStall, "needs tc(8) and the kernel's tbf queue"), arguments: Family.all)
  func stalledQueue(family: Family) async throws {
    let namespace = try Namespace()
    try namespace.addInterface("red", address: family.own(11, 1))
    try namespace.stall("red")
    let peer = try start(
      0, "-I", "red", "-i", "0.001", "-m", String(repeating: "x", count: 1000), in: namespace, family)
    try await peer.waitForError("the network takes less than is sent")
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)
  }
}
