import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Replays to a restarted receiver")
struct ReplayTests {
  private let group = LoopbackGroup()
  private static let count = 1000

  @Test("after SIGTERM, all replayed records are rejected and counted, and the sender is still heard")
  func afterTermination() async throws {
    let wire = try Wire(group.address)
    let before = try await group.startListener(0)
    let sender = try group.start(1, "-i", "0.002")
    let recording = try await record(wire)
    // Stop the sender, so that the receiver hears nothing newer before the recording.
    try await sender.stop()
    // The sender may be stopped after it has sent a message and before it prints it.
    try await eventually("what was sent until then") { try before.shown(from: 1).last ?? 0 >= sender.sent.last ?? 0 }
    try await Task.sleep(for: .milliseconds(300))
    before.signal(SIGTERM)
    #expect(try await before.exitCode() == 0)
    let last = try #require(try before.shown(from: 1).last)

    let after = try await group.startListener(0)
    try await replay(recording, to: after)
    #expect(try !after.output.contains("Received from peer 1"))
    sender.signal(SIGCONT)
    try await eventually("the sender's new messages") { try after.shown(from: 1).count >= 50 }
    #expect(try after.shown(from: 1).prefix(50) == Array(last + 1...last + 50)[...])
  }

  @Test("after SIGKILL, all replayed records are rejected if their positions were saved")
  func afterKill() async throws {
    let wire = try Wire(group.address)
    let before = try await group.startListener(0, "--state-interval", "1")
    let sender = try group.start(1, "-i", "0.002", "-c", "\(Self.count)")
    let recording = try await record(wire)
    #expect(try await sender.exitCode() == 0)
    try await eventually("the recorded messages") { try before.shown(from: 1).count == Self.count }
    // The receiver saves once a second. On a busy machine, the disk may take longer.
    try await Task.sleep(for: .seconds(2))
    try await eventually("the state to be written") { try state(of: 0).contains("heard 1 1 \(Self.count)\n") }
    before.signal(SIGKILL)
    #expect(try await before.exitCode() == -SIGKILL)

    let after = try await group.startListener(0)
    try await replay(recording, to: after)
    #expect(try !after.output.contains("Received from peer 1"))
    let again = try group.start(1, "-i", "3600", "-m", "again")
    try await after.waitForLine("Node 0: Received from peer 1: \"again, message #1\"")
    withExtendedLifetime(again) {}
  }

  /// The first datagrams of the sender. The receiver's own first message came before them.
  private func record(_ wire: Wire) async throws -> [[UInt8]] {
    try await onThread { try wire.receive(Self.count + 20) }.filter { RecordHeader($0.span)?.member == 1 }
      .prefix(Self.count).map { $0 }
  }

  private func replay(_ recording: [[UInt8]], to receiver: PeerProcess) async throws {
    #expect(recording.count == Self.count)
    let socket = try FloodSocket(group.address, sparing: ReceiveQueue(of: receiver.identifier, group: group.address))
    for datagram in recording { try socket.send(datagram) }
    func rejected(_ report: StatisticsReport) -> Int {
      (report.refused["replayed"] ?? 0) + (report.refused["stale epoch"] ?? 0) + report.droppedByKernel
    }
    let report = try await receiver.trafficReport { rejected($0) == Self.count }
    #expect(rejected(report) == Self.count && report.droppedByKernel == 0, "\(report)")
  }

  private func state(of node: Int) throws -> String {
    let directory = "\(group.home.path)/.local/state/mcast-peer"
    let names = try FileManager.default.contentsOfDirectory(atPath: directory)
    let name = try #require(names.first { $0.hasSuffix("-\(node)") })
    return try String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)
  }
}
