import Logging
import ServiceLifecycle
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Peers as services and in scopes", .timeLimit(.minutes(3)))
struct ServiceTests {
  private let group = makeTestGroup()

  private func configuration(_ member: MemberID? = 0) -> MulticastPeer.Configuration {
    var configuration = MulticastPeer.Configuration(
      member: member, peers: MemberSet(0...1), group: group, suite: .wdmNullSHA256, interface: loopback, state: nil)
    configuration.epoch = .first
    configuration.timeToLive = 0
    return configuration
  }

  private func keys() throws -> KeyRing { KeyRing(try GroupSecret(text: Vectors.shared.secret)) }

  @Test("shutting down the service group ends the service and stops the peer")
  func service() async throws {
    let peer = try MulticastPeer(configuration(), keys: keys())
    let services = ServiceGroup(services: [peer], logger: RecordedLog().logger)
    async let ended: Void = services.run()
    try await Task.sleep(for: .milliseconds(50))
    try peer.send("still running")
    await services.triggerGracefulShutdown()
    try await ended
    #expect(peerError { try peer.send("too late") }?.code == .stopped)
  }

  @Test("cancelling the task ends the service and stops the peer")
  func cancelled() async throws {
    let peer = try MulticastPeer(configuration(), keys: keys())
    let running = Task { try await peer.run() }
    running.cancel()
    try await running.value
    #expect(peerError { try peer.send("too late") }?.code == .stopped)
  }

  @Test("Its service ends when the peer is stopped elsewhere")
  func stoppedElsewhere() async throws {
    let peer = try MulticastPeer(configuration(), keys: keys())
    async let ended: Void = peer.run()
    try await Task.sleep(for: .milliseconds(50))
    await peer.stop()
    try await ended
  }

  @Test("a scoped peer is stopped when the scope ends with a value or an error")
  func scope() async throws {
    struct Failure: Error {}
    let kept = try await withMulticastPeer(configuration(), keys: keys()) { peer in
      try peer.send("within")
      return peer
    }
    #expect(peerError { try kept.send("too late") }?.code == .stopped)
    await #expect(throws: Failure.self) {
      try await withMulticastPeer(configuration(), keys: keys()) { _ in throw Failure() }
    }
    let listener = try await withMulticastPeer(configuration(nil), keys: keys()) { peer in
      peerError { try peer.send("nothing") }?.code
    }
    #expect(listener == .listening)
  }

  @Test("arrays, slices, spans and texts can be sent")
  func bytes() async throws {
    let receiver = try MulticastPeer(configuration(1), keys: keys())
    try await withMulticastPeer(configuration(), keys: keys()) { peer in
      let bytes = Array("0123".utf8)
      try peer.send(bytes)
      try peer.send(bytes[1...])
      try peer.send(bytes.span)
      try peer.send(bytes.span.bytes)
      try peer.send("0123")
      let receipt = try peer.send(["0".utf8, "12".utf8])
      #expect(receipt.count == 2 && receipt.numbers.map(\.sequence) == [5, 6])
    }
    let texts = await receiver.messages.prefix(7).reduce(into: []) {
      $0.append(String(decoding: $1.payload, as: UTF8.self))
    }
    #expect(texts == ["0123", "123", "0123", "0123", "0123", "0", "12"])
    await receiver.stop()
  }
}
