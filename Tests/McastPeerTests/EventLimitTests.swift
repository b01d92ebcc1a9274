import Foundation
import TestSupport
import Testing

@Suite("The rate limit of events under a flood")
struct EventLimitTests {
  private let group = LoopbackGroup()

  @Test("100,000 records with all member IDs cause at most eight lines of a cause in ten seconds")
  func few() async throws {
    let start = ContinuousClock.now
    let peer = try await group.startListener(0, "--peers", "0-127")
    let linesBefore = try peer.errors.split(separator: "\n").count
    let (group, identifier) = (group, peer.identifier)
    let sent = try await onThread {
      let socket = try FloodSocket(group.address, sparing: ReceiveQueue(of: identifier, group: group.address))
      // Members that begin a later epoch and fall back, and members that are not followed.
      for (epoch, members) in [(1, 1...127), (9, 1...127), (3, 1...127), (1, 128...255)] {
        for member in members {
          try socket.send(
            IndependentRecord(member: UInt8(member), epoch: UInt16(epoch), text: "epoch \(epoch)").sealed(group.keys))
        }
      }
      var forged = IndependentRecord(member: 0, sequence: 1, text: "forged").sealed(group.keys)
      forged[20] ^= 1
      for number in 0..<100_000 {
        forged[5] = UInt8(truncatingIfNeeded: number)
        try socket.send(forged)
      }
      return socket.sent
    }
    let report = try await peer.trafficReport { $0.total == sent }
    #expect(report.total == sent)
    #expect(report.refused["forged"] == 100_000 && report.refused["unknown member"] == 128)
    #expect(report.refused["stale epoch"] == 127 && report.received == 2 * 127)

    let errors = try peer.errors
    let limit = 8 * (1 + Int((ContinuousClock.now - start) / .seconds(10)))
    var events = 0
    // Forgeries with a followed ID and with any other ID are two causes.
    for (cause, limit) in [
      ("do not authenticate", 2 * limit), ("not in --peers", limit), ("lost its state", limit),
      ("has restarted", limit),
    ] {
      let count = errors.components(separatedBy: cause).count - 1
      #expect((1...limit).contains(count), "\(count) times '\(cause)'")
      events += count
    }
    // There are no other lines besides the tables.
    let lines = errors.split(separator: "\n").dropFirst(linesBefore)
    #expect(lines.count { $0.contains("Z warning ") || $0.contains("Z info ") } <= events + limit, "\(errors)")
  }
}
