import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Forged epochs")
struct ForgedEpochTests {
  private let group = LoopbackGroup()

  @Test("under 50,000 forged epochs a second, a restarted sender is heard by its third message")
  func restarts() async throws {
    let receiver = try await group.startListener(0)
    func start(_ life: Int) throws -> PeerProcess { try group.start(1, "-i", "0.05", "-m", "life \(life)") }
    var sender = try start(0)
    try await eventually("the first life") { try receiver.shown(from: 1, text: "life 0").count >= 3 }

    let isOver = Flag()
    let identifier = receiver.identifier
    async let forged = forge(at: identifier, until: isOver)
    // Ends the thread also if the test fails. This runs before the implicit wait for the thread.
    defer { isOver.set() }
    for life in 1...8 {
      sender.signal(SIGKILL)
      _ = try await sender.exitCode()
      sender = try start(life)
      try await eventually("life \(life)") { try receiver.shown(from: 1, text: "life \(life)").count >= 3 }
      #expect(try #require(try receiver.shown(from: 1, text: "life \(life)").first) <= 3)
    }
    isOver.set()
    let (count, rate) = try await forged
    print("forged epochs: \(count) records at \(rate)/s")
    let report = try await receiver.trafficReport { ($0.nodes[1]?["forged"] ?? 0) + $0.droppedByKernel >= count }
    #expect((report.nodes[1]?["forged"] ?? 0) + report.droppedByKernel == count, "\(report)")
    #expect(count > 10_000)
  }

  /// Sends until the flag is set. Returns the number of datagrams, and the rate in a second.
  private func forge(at receiver: Int32, until isOver: Flag) async throws -> (Int, Int) {
    let address = group.address
    let valid = IndependentRecord(member: 1, text: "life 1, message #1").sealed(group.keys)
    return try await onThread {
      var record = valid
      // On a slow machine, the receiver's queue limits the rate.
      let socket = try FloodSocket(address, sparing: ReceiveQueue(of: receiver, group: address))
      var random = SeededGenerator(seed: 4)
      let start = ContinuousClock.now
      while !isOver.isSet {
        let due = Int((ContinuousClock.now - start) / .seconds(1) * 50_000)
        // A slow machine does not make up for everything missed at once.
        for _ in 0..<min(200, max(0, due - socket.sent)) {
          let bits = random.next()
          // As after a restart: a later epoch, 2 to 65535, and a low number. The tag is that of another record.
          let epoch = 2 + Int(bits >> 48) % 65_534
          (record[3], record[4]) = (UInt8(epoch >> 8), UInt8(epoch & 0xFF))
          record[10] = UInt8(truncatingIfNeeded: bits)
          try socket.send(record)
        }
        usleep(500)
      }
      return (socket.sent, Int(Double(socket.sent) / ((ContinuousClock.now - start) / .seconds(1))))
    }
  }
}
