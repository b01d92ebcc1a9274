import Foundation
import TestSupport
import Testing

/// Any host on the network can send datagrams with any member's ID. They must not cause a flood of lines.
@Suite("A flood of forgeries with all IDs")
struct FloodOfNamesTests {
  private let group = LoopbackGroup()

  /// Sends 256 forgeries a second, one with each ID, for some seconds.
  private func forge(seconds: Int) async throws {
    let group = group
    try await onThread {
      let wire = try Wire(group.address)
      var forged = IndependentRecord(member: 0, text: "forged").sealed(group.keys)
      forged[20] ^= 1
      for _ in 0..<seconds {
        for member in 0...255 as ClosedRange<UInt8> {
          forged[5] = member
          try wire.send(forged)
          usleep(3_900)
        }
      }
    }
  }

  @Test("JSON output has few lines for the forgeries, which list all members and count all datagrams")
  func json() async throws {
    let peer = try await group.startReceiver(1, ["-o", "json", "--peers", "0-127"])
    let start = ContinuousClock.now
    try await forge(seconds: 6)
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)
    let elapsed = Int((ContinuousClock.now - start) / .seconds(1))
    let dropped = try peer.events("dropped").filter { $0.reason == "forged" }
    // Lines come after 0, 1, 3, 7, ... seconds, and at the end.
    #expect((2...8).contains(dropped.count) || elapsed > 120, "\(dropped.count) lines in \(elapsed) s")
    #expect(dropped.reduce(0) { $0 + ($1.count ?? 0) } == 6 * 256)
    #expect(Set(dropped.flatMap(\.all)) == Set(0...255))
    let events = try peer.events("peer").filter { ["forged", "forgedOther"].contains($0.cause) }
    // One event for followed members and one for others, then more after 10 s, and the waiting ones at the end.
    #expect(events.count <= 8, "\(events.count) events")
    #expect(Set(events.flatMap(\.all)) == Set(0...255))
    _ = try await Project.validate(try peer.output)
  }

  @Test("text output has few lines for the forgeries")
  func text() async throws {
    let peer = try await group.startReceiver(1, ["--peers", "0-127"])
    let before = try peer.errors.split(separator: "\n").count
    try await forge(seconds: 3)
    let report = try await peer.trafficReport { $0.refused["forged"] == 3 * 256 }
    #expect(report.refused["forged"] == 3 * 256)
    let lines = try peer.errors.split(separator: "\n").dropFirst(before).filter { $0.contains("do not authenticate") }
    #expect((1...8).contains(lines.count), "\(lines)")
  }
}
