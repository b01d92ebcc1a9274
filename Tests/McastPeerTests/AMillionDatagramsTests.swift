import Foundation
import Synchronization
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("A flood of mutated datagrams")
struct AMillionDatagramsTests {
  private let group = LoopbackGroup()

  /// The size of the flood, and the messages of each sender: at 200 a second, a little over a minute.
  private static let floodSize = PeerProcess.isMeasurable ? 1_000_000 : 100_000
  private static let messages = 13_200

  @Test("a peer accepts none of a million mutated datagrams, loses no real message itself, and does not grow")
  func million() async throws {
    let start = ContinuousClock.now
    let beforeSockets = try droppedBeforeSockets()
    let receiver = try await group.startListener(0)
    let identifier = receiver.identifier
    let senders = try [1, 2].map { try group.start($0, "-i", "0.005", "-c", "\(Self.messages)") }
    let (isFull, isOver) = (Flag(), Flag())
    async let flood = pour(at: identifier, isFull: isFull, until: isOver)
    // Ends the thread also if the test fails. This runs before the implicit wait for the thread.
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

    // The kernel reports its drops with the next datagram. This one is foreign, as are some of the flood.
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
    /// Datagrams a second, for the first million.
    let rate: Int
  }

  /// Sends the flood as fast as the receiver's queue allows, and then continues at 5,000 a second.
  private func pour(at receiver: Int32, isFull: Flag, until isOver: Flag) async throws -> Poured {
    let (address, originals) = (group.address, try makeOriginals())
    return try await onThread {
      // Lowers the priority of this thread, so that other tests run first.
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

  /// Valid records of the senders and of another member, in the expected epoch and a later one.
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
