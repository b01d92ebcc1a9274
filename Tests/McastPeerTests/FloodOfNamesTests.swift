import Foundation
import TestSupport
import Testing

/// Anybody on the network can send datagrams in any member's name: that must not become a flood of lines.
@Suite("Forgeries in all names, for a while")
struct FloodOfNamesTests {
  private let group = LoopbackGroup()

  /// Sends 256 forgeries a second, one in each name, for some seconds.
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

  @Test("JSON has a line for the reason now and then, with the members in a list, and all are counted in the end")
  func json() async throws {
    let peer = try await group.startReceiver(1, ["-o", "json", "--peers", "0-127"])
    let start = ContinuousClock.now
    try await forge(seconds: 6)
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)
    let elapsed = Int((ContinuousClock.now - start) / .seconds(1))
    let dropped = try peer.events("dropped").filter { $0.reason == "forged" }
    // After 0, 1, 3, 7, ... seconds, and at the end.
    #expect((2...8).contains(dropped.count) || elapsed > 120, "\(dropped.count) lines in \(elapsed) s")
    #expect(dropped.reduce(0) { $0 + ($1.count ?? 0) } == 6 * 256)
    #expect(Set(dropped.flatMap(\.all)) == Set(0...255))
    let notices = try peer.events("peer").filter { ["forged", "forgedOther"].contains($0.cause) }
    // One for members that are followed, and one for others; then again after 10 s, and what waits at the end.
    #expect(notices.count <= 8, "\(notices.count) notices")
    #expect(Set(notices.flatMap(\.all)) == Set(0...255))
    _ = try await Project.validate(try peer.output)
  }

  @Test("text has few lines, too, however slowly it goes through all names")
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
