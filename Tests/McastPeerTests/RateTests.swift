import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Sending at a rate")
struct RateTests {
  private let group = LoopbackGroup()

  @Test("every message arrives in order at a peer and at a receiver without batches")
  func arrives() async throws {
    let plain = try PlainReceiver(group.address)
    let listener = try await group.startListener(1)
    let sender = try group.start(0, "--rate", "20000", "-c", "2000", "--epoch", "9")
    #expect(try await sender.exitCode() == 0)
    let texts = (1...2000).map { "Hello from node 0, message #\($0)" }
    try await listener.waitForLine("Node 1: Received from peer 0: \"\(texts[1999])\"")
    #expect(
      try listener.lines.filter { $0.contains("Received") } == texts.map { "Node 1: Received from peer 0: \"\($0)\"" })
    #expect(try sender.lines.filter { $0.contains("Sent") } == texts.map { "Node 0: Sent: \"\($0)\"" })
    let report = try await listener.trafficReport { $0.received == 2000 }
    #expect(report.nodes[0]?["lost"] == 0 && report.droppedByKernel == 0)
    // The listener's own first message is among them.
    let records = try await onThread { plain.receive(2001) }.filter { $0[5] == 0 }
    #expect(
      records
        == texts.enumerated().map {
          IndependentRecord(member: 0, sequence: UInt64($0), epoch: 9, text: $1).sealed(group.keys)
        })
  }

  @Test("a rate of 0 sends without a limit, and ends at the count or by a signal")
  func unlimited() async throws {
    let counted = try group.start(0, "--rate", "0", "-c", "5000")
    #expect(try await counted.exitCode() == 0)
    #expect(try counted.lines.count { $0.contains("Sent") } == 5000)
    let endless = try group.start(1, "--rate", "0")
    try await eventually("some messages") { try endless.output.contains("message #1000\"") }
    endless.signal(SIGINT)
    #expect(try await endless.exitCode() == 0)
    #expect(try endless.output.hasSuffix("\nNode 1: Shutting down...\nNode 1: Goodbye!\n"))
  }

  @Test(
    "a peer prints its rate",
    arguments: [("250", "250 a second"), ("0.5", "0.5 a second"), ("0", "as fast as it can")])
  func phrase(rate: String, phrase: String) async throws {
    let peer = try group.start(0, "--rate", rate, "-c", "1")
    try await peer.waitForLine("Node 0: Sending messages \(phrase)...")
    #expect(try await peer.exitCode() == 0)
  }

  @Test("-v logs the size of the receive buffer")
  func receiveBuffer() async throws {
    let peer = try group.start(0, "-c", "1", "-v")
    #expect(try await peer.exitCode() == 0)
    #expect(try peer.errors.contains("the receive buffer has "))
    let quiet = try group.start(0, "-c", "1")
    #expect(try await quiet.exitCode() == 0)
    #expect(try !quiet.errors.contains("the receive buffer has "))
  }

  @Test(
    "an invalid rate, or a rate together with an interval, is a usage error",
    arguments: [
      ["--rate", "-1"], ["--rate", "fast"], ["--rate", "nan"], ["--rate", "1e9"], ["--rate", "5", "-i", "1"],
    ])
  func invalid(arguments: [String]) async throws {
    let peer = try PeerProcess(["0"] + arguments)
    #expect(try await peer.exitCode() == 64)
    let errors = try peer.errors
    #expect(errors.contains("rate") && peer.isRunning == false, "\(errors)")
  }
}
