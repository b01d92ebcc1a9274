import Foundation
import Synchronization
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("The guard of the epochs")
struct EpochGuardTests {
  @Test("a record of our epoch without our signature has it left once, whatever is heard later, and ends nothing")
  func doubtful() async throws {
    let secret = try GroupSecret(text: "the secret of the group")
    let (epoch, source) = (try Epoch(5), Endpoint(IPAddress(ipv4: 0x7F00_0001), port: 9))
    let ring = try ActiveKeyRing(
      KeyRing(secret),
      .init(
        member: 0, sends: true, isEncrypting: true, group: makeTestGroup(), state: nil, epoch: epoch,
        isNewMember: false), DTLSContext(ownMember: 0, suite: .pskChaCha20Poly1305)
    ) { _ in }
    let socket = try MulticastSocket(group: makeTestGroup(), interface: loopback, timeToLive: 0)
    let transmitter = try GroupTransmitter(ring.keys[0], socket: socket, sent: SentRecords(port: socket.sourcePort))
    let first = ring.keys[0].keeper.epoch
    let local = LocalMember(member: 0, peers: MemberSet(0...1), keyIDs: ring.keys.map(\.keyID), isEncrypted: true)
    let events = Mutex<[PeerEvent]>([])
    let reporter = EventReporter(RecordedLog().logger) { event in events.withLock { $0.append(event) } }
    let guardian = EpochGuard(ring, transmitter, local, reporter)
    func hear(_ epoch: Epoch) {
      guardian.heard(.init(keyID: ring.keys[0].keyID, epoch: epoch, source: source, isCertain: false), now: .now)
    }
    for _ in 0..<100 { hear(first) }
    try await eventually("the notice") { events.withLock { $0.count } > 0 }
    let left = ring.keys[0].keeper.epoch
    let limit = try Epoch(1100)
    #expect(left > first && left < limit)
    for _ in 0..<100 { hear(left) }
    // A certain one is answered on the same queue, behind those before.
    guardian.heard(.init(keyID: ring.keys[0].keyID, epoch: left, source: source, isCertain: true), now: .now)
    try await eventually("the event") { events.withLock { $0 }.contains { $0.kind == .cloned } }
    #expect(events.withLock { $0.count } == 2 && transmitter.failure == nil)
    guard case .cloned(_, heard: left, left: left, _) = events.withLock({ $0[1] }) else {
      return _ = Issue.record("another epoch was left")
    }
  }

  @Test("a contest that is heard while its key becomes the one to send with is answered")
  func duringChange() async throws {
    let group = makeTestGroup()
    let (old, new) = (try GroupSecret(text: "the old secret of the group"), try GroupSecret(text: "a new secret of it"))
    // So late that each reservation of an epoch is reported, and early enough to leave it.
    let epoch = try Epoch(64_600)
    let context = try DTLSContext(ownMember: 0, suite: .pskChaCha20Poly1305)
    let during = Mutex<(@Sendable () -> Void)?>(nil)
    let ring = try ActiveKeyRing(
      KeyRing(old),
      .init(
        member: 0, sends: true, isEncrypting: true, group: group, state: nil, epoch: epoch, isNewMember: false),
      context
    ) { _ in during.withLock { $0 }?() }
    let socket = try MulticastSocket(group: group, interface: loopback, timeToLive: 0)
    let sent = SentRecords(port: socket.sourcePort)
    sent.prepare(ring.keys)
    let transmitter = try GroupTransmitter(ring.keys[0], socket: socket, sent: sent)
    let local = LocalMember(
      member: 0, peers: MemberSet(0...1), keyIDs: ring.keys.map(\.keyID), isEncrypted: true)
    let events = Mutex<[PeerEvent]>([])
    let reporter = EventReporter(RecordedLog().logger) { event in events.withLock { $0.append(event) } }
    let guardian = EpochGuard(ring, transmitter, local, reporter)
    let loop = try ReceiveLoop(ring.keys, sent: sent, socket: socket, local: local, reporter: reporter) { _, _ in true }
    defer { loop.stop() }

    let (keyID, source) = (try new.keyID(), Endpoint(IPAddress(ipv4: 0x7F00_0001), port: 9))
    during.withLock {
      $0 = {
        guardian.heard(.init(keyID: keyID, epoch: epoch, source: source, isCertain: true), now: .now)
        // Time enough for an answer that would not wait for the end of the change.
        Thread.sleep(forTimeInterval: 0.3)
      }
    }
    try await onThread { try ring.change(to: KeyRing(new), sent, loop, transmitter) }
    during.withLock { $0 = nil }
    // The last step of an answer.
    try await eventually("the event") { events.withLock { $0 }.contains { $0.kind == .cloned } }
    #expect(ring.keys[0].keeper.epoch > epoch)
    #expect(ring.keys[0].keyID == keyID && transmitter.failure == nil)
    #expect(!transmitter.sends(with: keyID, notAfter: epoch))
  }
}
