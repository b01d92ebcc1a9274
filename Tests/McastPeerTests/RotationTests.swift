import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

/// Needs the whole machine. On a busy machine, the kernel drops datagrams before the receiver runs.
@Suite("Rotation while the group sends")
struct RotationAtFullRateTests {
  private let address = makeTestGroup()
  private let home = TemporaryDirectory()

  private static let steps = ["add", "promote", "drop"]
  private static let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]

  @Test("at 1,000 messages a second each, rotations in every order of the members lose and repeat nothing")
  func everyOrder() async throws {
    let secrets = (0..<2).map { "secret \($0) of the group, long enough" }
    let keys = secrets.map { RecordKeys(secret: $0, .pskChaCha20Poly1305) }
    let files = (0...2).map { _ in RingFileOfMember(secrets[0]) }
    let tap = try Tap(address)
    let peers = try files.enumerated().map { node, file in
      try PeerProcess(
        [
          "\(node)", "-I", "lo", "-t", "0", "-g", "\(address)", "-i", "0.001", "--encrypt", "--new-node", "-k",
          file.path,
        ], home: home)
    }
    for (node, peer) in peers.enumerated() { try await peer.waitUntilReady(node: node) }
    let start = (ContinuousClock.now, try peers.map { try $0.sent.count })

    /// The position on the wire after which a member must not send with a dropped key.
    var drops: [(node: Int, key: Int, place: Int)] = []
    for (number, order) in Self.orders.enumerated() {
      for (old, new) in [(0, 1), (1, 0)] {
        for step in Self.steps {
          for node in order {
            if number == 0 {
              try await files[node].rotate(step, step == "add" ? secrets[new] : nil)
            } else {
              let ring = ["add": [old, new], "promote": [new, old], "drop": [new]][step] ?? []
              files[node].write(ring.map { secrets[$0] })
            }
            try await peers[node].readRingAgain()
            if step == "drop" { drops.append((node, old, tap.count)) }
          }
        }
      }
    }

    let end = (ContinuousClock.now, try peers.map { try $0.sent.count })
    // Once one more second of messages has arrived, all messages sent by now have arrived.
    try await eventually("a second more") {
      try zip(peers, end.1).allSatisfy { try $0.sent.count >= $1 + 1000 }
    }
    var reports: [StatisticsReport] = []
    for peer in peers { reports.append(try await peer.trafficReport()) }
    for peer in peers { peer.signal(SIGTERM) }
    for peer in peers { #expect(try await peer.exitCode() == 0) }
    tap.stop()

    for (node, peer) in peers.enumerated() {
      let shown = try peer.shown()
      for other in 0...2 where other != node {
        let numbers = shown[other] ?? []
        let gaps = zip(numbers, numbers.dropFirst()).filter { $1 != $0 + 1 }
        #expect(gaps.isEmpty, "member \(node) of member \(other): \(gaps)")
        #expect(numbers.first ?? .max <= start.1[other] + 1 && numbers.last ?? 0 >= end.1[other])
      }
      let report = reports[node]
      #expect(report.nodes.values.map { $0["lost"] } == [0, 0] && report.droppedByKernel == 0)
      for reason in ["replayed", "forged", "stale epoch", "overrun", "own ID used by others"] {
        #expect(report.refused[reason] == 0, "member \(node): \(reason)")
      }
    }

    let runs = try #require(RecordRun.runs(in: tap.datagrams, keys: keys))
    #expect(Set(runs.map(\.nonces)).count == runs.count)
    // Two runs for each order, and the first run.
    #expect(runs.count == 3 * (2 * Self.orders.count + 1))
    for drop in drops {
      let sent = runs.filter { run in
        // A run ends when the member changes its key.
        Int(run.member) == drop.node && run.key == drop.key && run.places.contains(drop.place)
      }
      #expect(sent.isEmpty, "member \(drop.node) sends with a key that it has dropped")
    }
    let seconds = (end.0 - start.0) / .seconds(1)
    let rates = zip(start.1, end.1).map { Int(Double($1 - $0) / seconds) }
    print("messages/s sent by each node during \(Int(seconds)) s of rotations: \(rates); in all \(tap.count) records")
    #expect(rates.allSatisfy { $0 >= 900 })
  }
}
