import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Peers over an unreliable network")
struct RelayTests {
  private let groups = [LoopbackGroup(), LoopbackGroup()]

  @Test("two peers print each message that came through once, and count exactly the faults of the network")
  func exact() async throws {
    let peers = try (0...1).map { try groups[$0].start($0, "-i", "0.005") }
    for (node, peer) in peers.enumerated() { try await peer.waitUntilReady(node: node) }
    // Both peers are ready, so they receive everything that the relay forwards.
    let relay = try Relay(
      between: groups[0].address, and: groups[1].address, .init(loss: 0.2, duplication: 0.2, delay: 0.2, window: 8),
      seed: 5)
    try await eventually("enough messages", every: .milliseconds(100)) {
      relay.ways.allSatisfy { $0.passed.count >= 600 }
    }
    relay.stop()

    for (node, peer) in peers.enumerated() {
      let sender = 1 - node
      let expected = Account(of: relay.ways[sender])
      #expect(expected.lost > 50 && expected.replayed > 50 && expected.reordered > 50)
      let report = try await peer.trafficReport {
        ($0.nodes[sender]?["received"] ?? 0) + ($0.nodes[sender]?["replayed"] ?? 0) == relay.ways[sender].passed.count
      }
      #expect(report.droppedByKernel == 0)
      #expect(
        report.nodes[sender] == [
          "received": expected.messages.count, "lost": expected.lost, "reordered": expected.reordered,
          "replayed": expected.replayed, "forged": 0, "stale epoch": 0, "overrun": 0,
        ])
      try await eventually("all of them to be shown") { try peer.shown(from: sender).count >= expected.messages.count }
      #expect(try peer.shown(from: sender) == expected.messages)
    }
  }

  /// The expected counts of a receiver, computed without a replay window.
  private struct Account {
    /// The numbers of the messages, in the expected order.
    let messages: [Int]
    /// The number of messages missing between the first and the highest. Others are unknown to the receiver.
    let lost: Int
    let reordered: Int
    let replayed: Int

    init(of way: RelayedWay) {
      let sequences = way.passed.compactMap { RecordHeader($0.span).map { Int($0.sequence) } }
      var seen: Set<Int> = []
      let accepted = sequences.filter { seen.insert($0).inserted }
      messages = accepted.map { $0 + 1 }
      replayed = sequences.count - accepted.count
      reordered = accepted.indices.count { index in accepted[..<index].contains { $0 > accepted[index] } }
      let first = accepted.first ?? 0
      lost = (first...max(first, accepted.max() ?? 0)).count { !seen.contains($0) }
    }
  }
}
