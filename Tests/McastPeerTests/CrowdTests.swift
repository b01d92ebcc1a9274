import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("A crowd of senders")
struct CrowdTests {
  private static let rounds = 10

  @Test("a peer receives every message of 255 senders at one a second each, with little memory and CPU")
  func everyone() async throws {
    let (crowd, few) = (LoopbackGroup(), LoopbackGroup())
    let listeners = [
      try await crowd.startListener(0, "--peers", "0-255"), try await few.startListener(0, "--peers", "0-255"),
    ]
    let before = try listeners[0].processorTime
    let start = ContinuousClock.now
    async let many: Void = speak(as: 1...255, to: crowd)
    async let two: Void = speak(as: 1...2, to: few)
    _ = try await (many, two)
    // Include the rest of the last second.
    try await Task.sleep(until: start + .seconds(Self.rounds))
    let share = (try listeners[0].processorTime - before) / ((ContinuousClock.now - start) / .seconds(1))

    try await eventually("all messages", every: .milliseconds(100)) {
      try listeners[0].lines.count { $0.contains("Received") } == 255 * Self.rounds
    }
    let shown = try listeners[0].shown()
    for member in 1...255 { #expect(shown[member] == Array(1...Self.rounds)) }
    try await eventually("the other's messages") {
      try listeners[1].lines.count { $0.contains("Received") } == 2 * Self.rounds
    }
    let memory = try listeners.map { try $0.residentKilobytes }
    print("crowd: \(memory[0]) kB with 255 senders, \(memory[1]) kB with two; \(share * 100) % CPU")
    if PeerProcess.isMeasurable {
      #expect(memory[0] - memory[1] < 40 * 1024)
      #expect(share < 0.05)
    }
  }

  /// Sends a message a second from each member, spread over the second.
  private func speak(as members: ClosedRange<UInt8>, to group: LoopbackGroup) async throws {
    try await onThread {
      let socket = try FloodSocket(group.address)
      let start = ContinuousClock.now
      for number in 0..<Self.rounds * members.count {
        let (round, member) = (number / members.count, members.lowerBound + UInt8(number % members.count))
        let record = IndependentRecord(
          member: member, sequence: UInt64(round), text: "Hello from node \(member), message #\(round + 1)")
        let wait = ContinuousClock.now.duration(to: start + .seconds(1) * number / members.count)
        usleep(useconds_t(max(0, wait / .microseconds(1))))
        try socket.send(record.sealed(group.keys))
      }
    }
  }
}
