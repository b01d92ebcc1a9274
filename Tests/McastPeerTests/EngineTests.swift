import TestSupport
import Testing

@Suite("Peers with either engine")
struct EngineTests {
  private let group = LoopbackGroup()

  @Test("hear each other, encrypted or not", arguments: [[], ["--encrypt"]])
  func mixed(more: [String]) async throws {
    let common = ["-i", "0.2", "-I", "lo", "-t", "0", "-g", "\(group.address)"] + more
    let peers = try ["libcrypto", "wolfssl", "libcrypto"].enumerated().map { node, engine in
      try PeerProcess(
        ["\(node)", "--engine", engine] + common, home: group.home, secret: Vectors.shared.secret)
    }
    for (node, peer) in peers.enumerated() {
      for other in 0...2 where other != node {
        try await peer.waitForLine(
          "Node \(node): Received from peer \(other): \"Hello from node \(other), message #9\"")
      }
    }
    for peer in peers {
      let report = try await peer.trafficReport { _ in true }
      #expect(report.refused.values.allSatisfy { $0 == 0 } && report.nodes.values.allSatisfy { $0["lost"] == 0 })
    }
  }

  @Test("an engine that there is not is refused, and those that there are are named")
  func unknown() async throws {
    let peer = try PeerProcess(["0", "--engine", "openssl"])
    #expect(try await peer.exitCode() == 64)
    #expect(try peer.errors.contains("libcrypto or wolfssl"))
  }
}
