import Foundation
import TestSupport
import Testing

@Suite(
  "Peers in a network of their own",
  .enabled(if: Namespace.isAvailable, "needs ip(8) and the right to make a network namespace"))
struct NamespaceTests {
  private let home = TemporaryDirectory()

  private func start(_ node: Int, _ arguments: String..., in namespace: Namespace) throws -> PeerProcess {
    try PeerProcess(["\(node)"] + arguments, home: home, namespace: namespace)
  }

  @Test("three terminals with no configuration at all hear each other, where there is no network, over loopback")
  func noConfiguration() async throws {
    let namespace = try Namespace()
    let peers = try (0...2).map { try start($0, in: namespace) }
    for (node, peer) in peers.enumerated() {
      try await peer.waitForLine("Node \(node): Sockets ready, joined multicast group 239.255.0.1:12345")
      try await peer.waitForLine("Node \(node): Sending messages every 3 seconds...")
      // The first may have come before all were there; the second comes three seconds later.
      for other in 0...2 where other != node {
        try await peer.waitForLine(
          "Node \(node): Received from peer \(other): \"Hello from node \(other), message #2\"")
      }
      #expect(try peer.errors.contains("no route"))
    }
    for peer in peers {
      peer.signal(SIGINT)
      #expect(try await peer.exitCode() == 0)
    }
  }

  @Test("without -I the kernel's route chooses the interface")
  func kernelsChoice() async throws {
    let namespace = try Namespace()
    try namespace.addInterface("red", address: "10.11.0.1/24")
    try namespace.addInterface("blue", address: "10.12.0.1/24")
    try namespace.run("ip route add 239.0.0.0/8 dev blue")
    let chosen = try start(0, "-i", "0.2", in: namespace)
    let onBlue = try start(1, "-i", "0.2", "-I", "10.12.0.1", in: namespace)
    try await chosen.waitForLine("Node 0: Received from peer 1: \"Hello from node 1, message #5\"")
    try await eventually("node 1 to hear node 0") { try onBlue.output.contains("Received from peer 0") }
    #expect(try !chosen.errors.contains("no route"))
  }

  @Test("what is joined and sent on one interface is neither heard nor seen on another")
  func exactlyThatInterface() async throws {
    let namespace = try Namespace()
    try namespace.addInterface("red", address: "10.11.0.1/24")
    try namespace.addInterface("blue", address: "10.12.0.1/24")
    let red = try [0, 1].map { try start($0, "-i", "0.2", "-I", "red", in: namespace) }
    let blue = try start(2, "-i", "0.2", "-I", "blue", in: namespace)
    try await red[0].waitForLine("Node 0: Received from peer 1: \"Hello from node 1, message #5\"")
    try await blue.waitForLine("Node 2: Sent: \"Hello from node 2, message #5\"")
    #expect(try !red[0].output.contains("Received from peer 2") && !red[1].output.contains("Received from peer 2"))
    #expect(try !blue.output.contains("Received"))
  }

  @Test("a route decides, not an address: the source address may be another interface's")
  func routeWithForeignSource() async throws {
    let namespace = try Namespace()
    try namespace.addInterface("red", address: "10.11.0.1/24")
    try namespace.run("ip addr add 10.99.0.1/32 dev lo")
    try namespace.run("ip route add default dev red src 10.99.0.1")
    let chosen = try start(0, "-i", "0.2", in: namespace)
    let onRed = try start(1, "-i", "0.2", "-I", "red", in: namespace)
    try await onRed.waitForLine("Node 1: Received from peer 0: \"Hello from node 0, message #5\"")
    #expect(try !chosen.errors.contains("no route"))
  }

  @Test("a route that leads nowhere is an error that names the way out", arguments: ["blackhole", "prohibit"])
  func routeToNowhere(kind: String) async throws {
    let namespace = try Namespace()
    try namespace.run("ip route add \(kind) 239.0.0.0/8")
    let peer = try start(0, in: namespace)
    #expect(try await peer.exitCode() == 69)
    let errors = try peer.errors
    #expect(errors.contains("239.255.0.1:12345") && errors.contains("--interface"), "\(errors)")
  }

  /// What happens to the cable between two hosts, seen from the first.
  enum Cut: String, CaseIterable {
    case interfaceDown, interfaceReplaced, interfaceReplacedUnderItsNumber
  }

  @Test("a network that goes away is reported once, and both sides talk on when it is back", arguments: Cut.allCases)
  func away(cut: Cut) async throws {
    let (here, there) = (try Namespace(), try Namespace())
    try here.connect("red", "10.11.0.1/24", to: there, "10.11.0.2/24", index: 77)
    let peers = [
      try start(0, "-i", "0.2", "-I", "red", in: here), try start(1, "-i", "0.2", "-I", "red", in: there),
    ]
    try await peers[0].waitForLine("Node 0: Received from peer 1: \"Hello from node 1, message #3\"")
    try await eventually("node 1 to hear node 0") { try peers[1].output.contains("Received from peer 0") }

    try here.run(cut == .interfaceDown ? "ip link set red down" : "ip link del red")
    try await peers[0].waitForError("cannot send")
    // Some more intervals, in which there is nothing new to say, and the loop has looked at the interface.
    try await Task.sleep(for: .seconds(3))
    switch cut {
    case .interfaceDown: try here.run("ip link set red up")
    case .interfaceReplaced: try here.connect("red", "10.11.0.1/24", to: there, "10.11.0.2/24", index: 78)
    case .interfaceReplacedUnderItsNumber: try here.connect("red", "10.11.0.1/24", to: there, "10.11.0.2/24", index: 77)
    }
    try await peers[0].waitForError("sending to 239.255.0.1:12345 again")

    let heard = try peers.map { try $0.lines.count { $0.contains("Received") } }
    for (peer, before) in zip(peers, heard) {
      try await eventually("five more messages") { try peer.lines.count { $0.contains("Received") } >= before + 5 }
    }
    let reports = try peers.map { try $0.errors.components(separatedBy: "cannot send").count - 1 }
    #expect(reports[0] == 1 && reports[1] <= 1)
  }

  @Test("batches cross a network, also where the path is too narrow for their records", arguments: [1500, 1000])
  func batches(mtu: Int) async throws {
    let (here, there) = (try Namespace(), try Namespace())
    try here.connect("red", "10.11.0.1/24", to: there, "10.11.0.2/24")
    for namespace in [here, there] { try namespace.run("ip link set red mtu \(mtu)") }
    let listener = try start(1, "-I", "red", "-i", "3600", in: there)
    try await listener.waitForLine("Node 1: Ready. Press Ctrl+C to exit.")
    // A millisecond brings several of them, and each is longer than the narrow path.
    let text = String(repeating: "x", count: 1200)
    let sender = try start(0, "-I", "red", "--rate", "5000", "-c", "500", "-m", text, in: here)
    #expect(try await sender.exitCode() == 0)
    try await listener.waitForLine("Node 1: Received from peer 0: \"\(text), message #500\"")
    let heard = try listener.lines.filter { $0.contains("Received from peer 0") }
    #expect(heard == (1...500).map { "Node 1: Received from peer 0: \"\(text), message #\($0)\"" })
    #expect(try !sender.errors.contains("cannot send"))
  }

  @Test(
    "an interface whose queue does not move is reported, and a signal still ends the peer",
    .enabled(if: Namespace.canStall, "needs tc(8) and the kernel's tbf queue"))
  func stalledQueue() async throws {
    let namespace = try Namespace()
    try namespace.addInterface("red", address: "10.11.0.1/24")
    try namespace.stall("red")
    let peer = try start(0, "-I", "red", "-i", "0.001", "-m", String(repeating: "x", count: 1000), in: namespace)
    try await peer.waitForError("cannot send")
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)
  }
}
