import Glibc
import TestSupport
import Testing

@testable import MulticastDTLS

/// Before a key is dropped, what has arrived is still received: but a member that floods the group must not hold up the change,
/// nor the watchdog, nor a roster without it.
@Suite("A ring change under a flood that is slow to receive")
struct RingChangeFloodTests {
  @Test("a change waits for the flood only for a moment, and the receive thread shows that it works")
  func flood() async throws {
    let group = makeTestGroup()
    var configuration = MulticastPeer.Configuration(
      member: 0, peers: MemberSet(0...1), group: group, suite: .wdmNullSHA256, interface: loopback, state: nil)
    configuration.epoch = .first
    configuration.timeToLive = 0
    let secret = try GroupSecret(text: Vectors.shared.secret)
    // Each message takes as long as many signatures.
    let peer = try MulticastPeer(configuration, keys: KeyRing(secret)) { _, _, _ in
      usleep(2000)
      return true
    }
    let isOver = Flag()
    defer { isOver.set() }
    async let sent = onThread {
      let socket = try FloodSocket(group)
      while !isOver.isSet {
        let record = IndependentRecord(member: 1, sequence: UInt64(socket.sent), text: "of a flood")
        try socket.send(record.sealed(.ofVectors(.wdmNullSHA256)))
        usleep(200)
      }
      return socket.sent
    }
    try await eventually("a backlog") { peer.statistics.received > 100 }
    let start = ContinuousClock.now
    // Drops the key of the flood.
    try await peer.rotate(to: KeyRing([try GroupSecret(text: "another secret of the group")]))
    let time = ContinuousClock.now - start
    #expect(time < .seconds(Sanitizer.isOn ? 30 : 10), "\(time)")
    #expect(peer.timeSinceTick < .seconds(Sanitizer.isOn ? 30 : 10))
    isOver.set()
    #expect(try await sent > 1000)
    await peer.stop()
  }
}
