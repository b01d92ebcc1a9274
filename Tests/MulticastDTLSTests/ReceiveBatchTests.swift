import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Receiving in batches")
struct ReceiveBatchTests {
  @Test("what the kernel drops is told, to the last datagram")
  func dropped() throws {
    let group = makeTestGroup()
    let wire = try Wire(group)
    let socket = try MulticastSocket(group: group, interface: loopback, timeToLive: 0)
    var batch = ReceiveBatch()
    var (received, dropped) = (0, 0)
    func receiveAll() throws {
      while true {
        let before = received
        dropped += try batch.receive(from: socket) { _, _ in received += 1 }.dropped
        if received == before { return }
      }
    }
    // Far more than a receive buffer holds; twice, since the kernel's number counts on.
    for round in 1...2 {
      for _ in 0..<2000 { try wire.send([UInt8](repeating: 0, count: 1000)) }
      try receiveAll()
      // The kernel tells with the next one.
      try wire.send([0])
      try receiveAll()
      #expect(received + dropped == 2001 * round)
      #expect(dropped > 100 * round)
    }
  }
}
