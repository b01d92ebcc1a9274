import Foundation
import Synchronization
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("A flood beside real senders")
struct AMillionDatagramsTests {
  private let group = LoopbackGroup()

  /// What the flood is to have, and what each sender sends at 200 a second: a little over a minute.
  private static let floodSize = PeerProcess.isMeasurable ? 1_000_000 : 100_000
  private static let messages = 13_200

  @Test("of a million mutated datagrams none is accepted, no message is lost by our doing, and memory does not grow")
  func million() async throws {
    let start = ContinuousClock.now
    let beforeSockets = try droppedBeforeSockets()
    let receiver = try await group.startListener(0)
    let identifier = receiver.identifier
    let senders = try [1, 2].map { try group.start($0, "-i", "0.005", "-c", "\(Self.messages)") }
    let (isFull, isOver) = (Flag(), Flag())
    async let flood = pour(at: identifier, isFull: isFull, until: isOver)
    // Whatever happens to this test, the thread ends: this comes before the wait for it.
    defer { isOver.set() }

    try await Task.sleep(until: start + .seconds(60))
    let afterAMinute = try receiver.residentKilobytes
    for sender in senders {
      try await eventually("the last message", within: .seconds(600), every: .milliseconds(200)) { !sender.isRunning }
      #expect(try await sender.exitCode() == 0)
    }
    try await eventually("the whole flood", within: .seconds(600), every: .milliseconds(200)) { isFull.isSet }
    let atTheEnd = try receiver.residentKilobytes
    isOver.set()
    let result = try await flood

    // With one more the kernel says how many it has dropped before; and that is foreign, as some of the others are.
    try FloodSocket(group.address).send(Array("the last".utf8))
    let sent = result.count + 1 + senders.count * Self.messages
    let report = try await receiver.trafficReport { $0.total == sent }
    let lostBeforeSockets = try droppedBeforeSockets() - beforeSockets
    print(
      "flood: \(result.count) datagrams, the first million at \(result.rate)/s; dropped by the kernel "
        + "\(report.droppedByKernel); memory \(afterAMinute) kB after a minute, \(atTheEnd) kB at the end")

    #expect(result.count >= Self.floodSize)
    #expect(report.total <= sent && report.total >= sent - lostBeforeSockets, "\(sent) were sent: \(report)")
    var missing = 0
    for node in [1, 2] {
      let shown = try receiver.shown(from: node)
      missing += Self.messages - shown.count
      #expect(Set(shown).count == shown.count && shown.allSatisfy { (1...Self.messages).contains($0) })
      #expect(report.nodes[node]?["received"] == shown.count)
    }
    #expect(missing <= report.droppedByKernel + lostBeforeSockets)
    #expect(report.refused["overrun"] == 0)
    #expect(report.refused["own"] == 0)
    #expect(try receiver.lines.count { $0.contains("Received") } == senders.count * Self.messages - missing)
    if PeerProcess.isMeasurable { #expect(atTheEnd - afterAMinute < 1024) }
  }

  private struct Poured: Sendable {
    let count: Int
    /// Of the first million, in a second.
    let rate: Int
  }

  /// Sends the million as fast as the receiver's queue allows, and then goes on at 5,000 a second.
  private func pour(at receiver: Int32, isFull: Flag, until isOver: Flag) async throws -> Poured {
    let (address, originals) = (group.address, try makeOriginals())
    return try await onThread {
      // The thread's own: what other tests do at the same time goes before.
      setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
      let socket = try FloodSocket(address, sparing: ReceiveQueue(of: receiver, group: address))
      let mutations = MutatedRecords(of: originals, seed: 1)
      let start = ContinuousClock.now
      while socket.sent < Self.floodSize, !isOver.isSet { try socket.send(mutations.next()) }
      isFull.set()
      let rate = Double(socket.sent) / ((ContinuousClock.now - start) / .seconds(1))
      while !isOver.isSet {
        for _ in 0..<50 { try socket.send(mutations.next()) }
        usleep(10_000)
      }
      return Poured(count: socket.sent, rate: Int(rate))
    }
  }

  /// Valid records such as the senders make, and of others too, near what the receiver expects and far from it.
  private func makeOriginals() throws -> [[UInt8]] {
    var random = SeededGenerator(seed: 2)
    return (0..<300).map { number in
      let size = number % 50 == 0 ? 1343 : random.below(60)
      return IndependentRecord(
        member: UInt8(1 + number % 3), sequence: UInt64(random.below(Self.messages)), epoch: UInt16(1 + number % 2),
        payload: (0..<size).map { _ in UInt8(random.below(256)) }
      ).sealed(group.keys)
    }
  }
}
