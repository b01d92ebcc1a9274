import Foundation
import TestSupport
import Testing

@Suite(
  "Three hosts on a bridge",
  .enabled(if: Namespace.isAvailable && Namespace.canBridge, "needs ip(8), a network namespace and a bridge"))
struct RigTests {
  private let homes = (0...2).map { _ in TemporaryDirectory() }

  /// Starts a peer without -I, so that the route chooses the interface.
  private func start(_ node: Int, _ more: String..., in network: Rig) throws -> PeerProcess {
    try PeerProcess(
      ["\(node)", "-i", "0.5", "-g", network.family.group] + more, home: homes[node],
      secret: "the secret of three hosts", namespace: network.hosts[node])
  }

  private func startAll(in network: Rig) async throws -> [PeerProcess] {
    let peers = try (0...2).map { try start($0, in: network) }
    try await expectAllHeard(peers)
    return peers
  }

  /// Checks that all peers hear each other's messages, from the third one from now on.
  private func expectAllHeard(_ peers: [PeerProcess]) async throws {
    for (node, peer) in peers.enumerated() { try await peer.waitUntilReady(node: node) }
    let last = try peers.map { try $0.sent.last ?? 0 }
    for (node, peer) in peers.enumerated() {
      for other in 0...2 where other != node {
        let expected = last[other] + 3...last[other] + 5
        try await eventually("member \(other)'s message \(expected.upperBound) at member \(node)") {
          try peer.shown(from: other).last ?? 0 >= expected.upperBound
        }
        let shown = try peer.shown(from: other)
        #expect(expected.allSatisfy(shown.contains), "member \(node) has heard of member \(other): \(shown)")
      }
    }
  }

  @Test("all peers hear each other again after a cable was unplugged", arguments: Family.all)
  func cable(family: Family) async throws {
    let network = try Rig(family)
    let peers = try await startAll(in: network)
    try network.bridge.run("ip link set \(network.port(of: 1)) down")
    // While the cable is out, nothing arrives.
    let before = try peers[0].shown(from: 1).count
    let number = try peers[1].sent.count
    try await eventually("some lost messages") { try peers[1].sent.count >= number + 3 }
    #expect(try peers[0].shown(from: 1).count <= before + 1)
    try network.bridge.run("ip link set \(network.port(of: 1)) up")
    try await network.waitUntilConnected(1)
    try await expectAllHeard(peers)
  }

  @Test("all peers hear each other again after an interface was down", arguments: Family.all)
  func interface(family: Family) async throws {
    let network = try Rig(family)
    let peers = try await startAll(in: network)
    try network.hosts[1].run("ip link set lan down")
    try await peers[1].waitForError("cannot send")
    try network.hosts[1].run("ip link set lan up")
    try network.setRoute(1)
    try await network.waitUntilConnected(1)
    try await expectAllHeard(peers)
  }

  @Test("the first message of a restarted peer is heard", arguments: Family.all)
  func restart(family: Family) async throws {
    let network = try Rig(family)
    var peers = try await startAll(in: network)
    peers[1].signal(SIGKILL)
    #expect(try await peers[1].exitCode() == -SIGKILL)
    peers[1] = try start(1, "-m", "again", in: network)
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

  @Test("all peers hear each other after a change of a host's address", arguments: Family.all)
  func address(family: Family) async throws {
    let network = try Rig(family)
    let peers = try await startAll(in: network)
    try network.hosts[1].run("ip addr del \(network.address(of: 1))/\(family == .ipv4 ? 24 : 64) dev lan")
    try network.hosts[1].run("ip addr add \(family.own(13, 77)) dev lan")
    try network.setRoute(1)
    try await expectAllHeard(peers)
    // A moved member is not reported as two.
    for peer in peers { #expect(try !peer.errors.contains("alternate")) }
  }

  @Test("only the requested sources are heard", arguments: Family.all)
  func sources(family: Family) async throws {
    let network = try Rig(family)
    let group = family == .ipv4 ? "232.255.0.1:5000" : "[ff35::1]:5000"
    func start(_ node: Int, on host: Int, _ more: [String]) throws -> PeerProcess {
      try PeerProcess(
        ["\(node)", "-g", group, "-I", "lan"] + more, secret: "the secret of three hosts",
        namespace: network.hosts[host])
    }
    // Each listener is a separate member, on the host that sends nothing.
    let one = try start(0, on: 0, ["--listen", "--source", network.address(of: 1), "--peers", "0-4"])
    let both = try start(
      3, on: 0, ["--listen", "--peers", "0-4"] + (1...2).flatMap { ["--source", network.address(of: $0)] })
    let none = try start(4, on: 0, ["--listen", "--peers", "0-4", "--source", family.address(13, 99)])
    for (node, peer) in [(0, one), (3, both), (4, none)] { try await peer.waitUntilReady(node: node) }
    let senders = try (1...2).map { try start($0, on: $0, ["-i", "0.2", "--stats"]) }
    try await eventually("both senders to be heard by who listens to both") {
      let shown = try both.shown()
      return shown[1]?.count ?? 0 >= 5 && shown[2]?.count ?? 0 >= 5
    }
    try await eventually("the first to be heard") { try one.shown(from: 1).count >= 5 }
    #expect(try one.shown(from: 2) == [])
    #expect(try none.shown() == [:] && !none.errors.contains("list them with --source"))
    for sender in senders {
      #expect(try sender.errors.contains("list them with --source"))
      sender.signal(SIGINT)
      #expect(try await sender.exitCode() == 0)
      #expect(try sender.errors.hasSuffix("dropped by the kernel: 0\n"))
    }
  }

  @Test("with --no-loop, messages are heard on another host, and by no other peer on this one", arguments: Family.all)
  func noLoop(family: Family) async throws {
    let network = try Rig(family)
    func start(_ node: Int, on host: Int, _ more: String...) throws -> PeerProcess {
      try PeerProcess(
        ["\(node)", "-g", family.group, "-I", "lan"] + more, secret: "the secret of three hosts",
        namespace: network.hosts[host])
    }
    let listeners = [try start(1, on: 0, "--listen"), try start(2, on: 1, "--listen")]
    for (index, peer) in listeners.enumerated() { try await peer.waitUntilReady(node: index + 1) }
    let sender = try start(0, on: 0, "-i", "0.2", "--no-loop", "--stats")
    try await eventually("the other host to hear it") { try listeners[1].shown(from: 0).count >= 5 }
    sender.signal(SIGINT)
    #expect(try await sender.exitCode() == 0)
    #expect(try listeners[0].shown() == [:])
    #expect(try sender.errors.hasSuffix("dropped by the kernel: 0\n"))
  }
}
