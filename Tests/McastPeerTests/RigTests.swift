import Foundation
import TestSupport
import Testing

@Suite(
  "Three hosts at a bridge",
  .enabled(if: Namespace.isAvailable && Namespace.canBridge, "needs ip(8), a network namespace and a bridge"))
struct RigTests {
  private let network: Rig
  private let homes = (0...2).map { _ in TemporaryDirectory() }

  init() throws {
    network = try Rig()
  }

  /// Without -I: the route to the network decides.
  private func start(_ node: Int, _ more: String...) throws -> PeerProcess {
    try PeerProcess(
      ["\(node)", "-i", "0.5"] + more, home: homes[node], secret: "the secret of three hosts",
      namespace: network.hosts[node])
  }

  private func startAll() async throws -> [PeerProcess] {
    let peers = try (0...2).map { try start($0) }
    try await expectAllHeard(peers)
    return peers
  }

  /// Checks that everyone hears everyone, from the third message from now on at the latest, and all of these.
  private func expectAllHeard(_ peers: [PeerProcess]) async throws {
    for (node, peer) in peers.enumerated() { try await peer.waitUntilReady(node: node) }
    let last = try peers.map { try $0.sent.last ?? 0 }
    for (node, peer) in peers.enumerated() {
      for other in 0...2 where other != node {
        let expected = last[other] + 3...last[other] + 5
        try await eventually("node \(other)'s message \(expected.upperBound) at node \(node)") {
          try peer.shown(from: other).last ?? 0 >= expected.upperBound
        }
        let shown = try peer.shown(from: other)
        #expect(expected.allSatisfy(shown.contains), "node \(node) has heard of node \(other): \(shown)")
      }
    }
  }

  @Test("a cable that was out is in again")
  func cable() async throws {
    let peers = try await startAll()
    try network.bridge.run("ip link set \(network.port(of: 1)) down")
    // As long as it is out, nothing gets through.
    let before = try peers[0].shown(from: 1).count
    let number = try peers[1].sent.count
    try await eventually("some lost messages") { try peers[1].sent.count >= number + 3 }
    #expect(try peers[0].shown(from: 1).count <= before + 1)
    try network.bridge.run("ip link set \(network.port(of: 1)) up")
    try await network.waitUntilConnected(1)
    try await expectAllHeard(peers)
  }

  @Test("an interface that was down is up again")
  func interface() async throws {
    let peers = try await startAll()
    try network.hosts[1].run("ip link set lan down")
    try await peers[1].waitForError("cannot send")
    try network.hosts[1].run("ip link set lan up")
    try network.hosts[1].run("ip route add default dev lan")
    try await network.waitUntilConnected(1)
    try await expectAllHeard(peers)
  }

  @Test("a peer that was killed is started again, and its first message is heard")
  func restart() async throws {
    var peers = try await startAll()
    peers[1].signal(SIGKILL)
    #expect(try await peers[1].exitCode() == -SIGKILL)
    peers[1] = try start(1, "-m", "again")
    for node in [0, 2] {
      for number in 1...3 {
        try await peers[node].waitForLine("Node \(node): Received from peer 1: \"again, message #\(number)\"")
      }
    }
    for other in [0, 2] {
      let last = try peers[other].sent.last ?? 0
      try await eventually("the others to be heard") { try peers[1].shown(from: other).contains(last + 2) }
    }
  }

  @Test("a host gets another address")
  func address() async throws {
    let peers = try await startAll()
    try network.hosts[1].run("ip addr del \(network.address(of: 1))/24 dev lan")
    try network.hosts[1].run("ip addr add 10.13.0.77/24 dev lan")
    try network.hosts[1].run("ip route replace default dev lan")
    try await expectAllHeard(peers)
    // One that moves is not taken for two.
    for peer in peers { #expect(try !peer.errors.contains("alternate")) }
  }
}
