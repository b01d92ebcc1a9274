import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Changes of a peer's key ring")
struct RingChangeTests {
  private let group = makeTestGroup()
  private let scratch = TemporaryDirectory()
  private let old = "the old secret of the group"
  private let new = "the new secret of the group"

  private func ring(_ secrets: String...) throws -> KeyRing {
    try KeyRing(secrets.map { try GroupSecret(text: $0) })
  }

  private func keyID(_ secret: String) throws -> KeyID {
    try GroupSecret(text: secret).keyID()
  }

  private func makePeer(
    _ member: MemberID, _ secrets: String..., state: String? = "state", epoch: Epoch? = nil, log: RecordedLog = .init()
  ) throws -> MulticastPeer {
    var configuration = MulticastPeer.Configuration(
      member: member, peers: MemberSet(0...2), group: group, suite: .pskChaCha20Poly1305, interface: loopback,
      state: state.map { StateDirectory(path: "\(scratch.path)/\($0)") })
    configuration.epoch = epoch
    configuration.timeToLive = 0
    configuration.isNewMember = epoch == nil
    return try MulticastPeer(
      configuration, keys: KeyRing(secrets.map { try GroupSecret(text: $0) }), logger: log.logger)
  }

  /// The next received message, and the epoch of its record.
  private func next(_ messages: inout MessageStream.Iterator) async -> String {
    guard let message = await messages.next() else { return "none" }
    return "\(String(decoding: message.payload, as: UTF8.self)) in \(message.epoch)"
  }

  @Test("a peer sends with a new first secret at once, in that secret's epochs, and rejects a removed secret")
  func change() async throws {
    let (sender, receiver) = (try makePeer(0, old), try makePeer(1, old))
    var messages = receiver.messages.makeAsyncIterator()
    try sender.send("1")
    #expect(await next(&messages) == "1 in 1")
    for peer in [sender, receiver] { try await peer.rotate(to: ring(old, new)) }
    try sender.send("2")
    #expect(await next(&messages) == "2 in 1")
    try await sender.rotate(to: ring(new, old))
    #expect(sender.keyIDs == [try keyID(new), try keyID(old)])
    // Nothing proves that it has never sent with this secret, so it begins in a far epoch.
    let far = try #require(sender.epoch)
    #expect(far.rawValue > 1000)
    try sender.send("3")
    #expect(await next(&messages) == "3 in \(far)")
    // A message is delivered before it is counted.
    let newID = try keyID(new)
    try await eventually("the new key to be counted") { receiver.statistics.members[0]?.keyID == newID }
    try await sender.rotate(to: ring(old, new))
    try sender.send("4")
    #expect(await next(&messages) == "4 in 2")
    try await receiver.rotate(to: ring(new))
    try sender.send("5")
    try await eventually("a refusal") { receiver.statistics.rejected[.forged] == 1 }
    try await sender.rotate(to: ring(new))
    try sender.send("6")
    #expect(await next(&messages) == "6 in \(far.rawValue + 1)")
    #expect(receiver.statistics.members[0]?.lost == 0)
    // A secret that returns continues its epochs.
    for peer in [sender, receiver] { try await peer.rotate(to: ring(old)) }
    try sender.send("7")
    #expect(await next(&messages) == "7 in 3")
    #expect(sender.statistics.rejected == [:])
  }

  @Test("if another process holds the state of a new ring, the change fails, and the former ring stays in use")
  func lockedState() async throws {
    let (sender, receiver) = (try makePeer(0, old), try makePeer(1, old))
    let obstacle = try StateFile(
      in: StateDirectory(path: "\(scratch.path)/state"), keyID: try keyID(new), member: 0)
    for ring in [try ring(new), try ring(new, old), try ring(old, new)] {
      #expect(await peerError { try await sender.rotate(to: ring) }?.code == .state)
      #expect(sender.keyIDs == [try keyID(old)])
    }
    try sender.send("still here")
    var messages = receiver.messages.makeAsyncIterator()
    #expect(await next(&messages) == "still here in 1")
    _ = obstacle
  }

  @Test("a new first secret without an epoch left is an error, and the former ring stays in use")
  func usedUp() async throws {
    try await makePeer(0, new, epoch: .last).stop()
    let (sender, receiver) = (try makePeer(0, old), try makePeer(1, old, new))
    #expect(await peerError { try await sender.rotate(to: ring(new, old)) }?.code == .state)
    #expect(sender.keyIDs == [try keyID(old)])
    try sender.send("still here")
    var messages = receiver.messages.makeAsyncIterator()
    #expect(await next(&messages) == "still here in 1")
    // The failed ring is not accepted either: its records are rejected.
    try await receiver.rotate(to: ring(new))
    try receiver.send("strange")
    try await eventually("a refusal") { sender.statistics.rejected[.forged] == 1 }
  }

  @Test("without a state, no epoch of a key is used twice, also if the key was removed for a while")
  func withoutState() async throws {
    let peer = try makePeer(0, old, state: nil, epoch: Epoch(5))
    var epochs: [KeyID: [UInt16]] = [:]
    for ring in [try ring(old), try ring(new), try ring(old), try ring(old, new), try ring(new), try ring(old)] {
      let before = peer.keyIDs[0]
      try await peer.rotate(to: ring)
      if peer.keyIDs[0] != before { epochs[peer.keyIDs[0], default: []].append(try #require(peer.epoch).rawValue) }
    }
    for (_, epochs) in epochs {
      #expect(epochs.count == 2 && Set(epochs).count == 2 && epochs == epochs.sorted() && epochs[0] >= 5)
    }
  }

  @Test("replays are rejected also if their key was removed for a while, without a state")
  func replayed() async throws {
    let peer = try makePeer(1, old, state: nil, epoch: .first)
    let wire = try Wire(group)
    let record = IndependentRecord(member: 0, text: "once").sealed(RecordKeys(secret: old, .pskChaCha20Poly1305))
    try wire.send(record)
    try await eventually("the message") { peer.statistics.received == 1 }
    try await peer.rotate(to: ring(new))
    try await peer.rotate(to: ring(old))
    try wire.send(record)
    try await eventually("the refusal") { peer.statistics.rejected == [.replayed: 1] }
    #expect(peer.statistics.received == 1)
  }

  @Test("messages that arrive before their key is dropped are still delivered")
  func drained() async throws {
    let (sender, receiver) = (try makePeer(0, old, new), try makePeer(1, old, new))
    for round in 0..<4 {
      let former = round % 2 == 0 ? old : new
      for number in 0..<50 { try sender.send("\(round) \(number)") }
      // Both peers change at once, without waiting for the sent messages.
      for peer in [receiver, sender] { try await peer.rotate(to: ring(former == old ? new : old)) }
      for peer in [receiver, sender] { try await peer.rotate(to: former == old ? ring(new, old) : ring(old, new)) }
    }
    let received = await receiver.messages.prefix(200).reduce(into: 0) { count, _ in count += 1 }
    #expect(received == 200 && receiver.statistics.members[0]?.lost == 0)
    #expect(receiver.statistics.rejected == [:])
  }

  @Test("a failed change can be tried again at once")
  func again() async throws {
    let peer = try makePeer(0, old)
    try await makePeer(0, new, epoch: .last).stop()
    for _ in 0..<5 {
      let error = await peerError { try await peer.rotate(to: ring(new, old)) }
      guard case .usedUp? = error?.underlying as? StateError else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
    try await peer.rotate(to: ring(old, new))
  }

  @Test("changes, sends and stops at the same time do not disturb each other")
  func concurrent() async throws {
    let (sender, receiver) = (try makePeer(0, old, new), try makePeer(1, old, new))
    let (rings, reversed) = (try ring(old, new), try ring(new, old))
    let sent = try await withThrowingTaskGroup(of: Int.self) { tasks in
      for _ in 0..<2 {
        tasks.addTask {
          try await onThread { for number in 0..<10 { try sender.rotate(to: number % 2 == 0 ? reversed : rings) } }
          return 0
        }
      }
      tasks.addTask {
        for number in 0..<500 {
          try sender.send("\(number)")
          try await Task.sleep(for: .milliseconds(1))
        }
        return 500
      }
      return try await tasks.reduce(0, +)
    }
    let numbers = await receiver.messages.prefix(sent).reduce(into: []) {
      $0.append(String(decoding: $1.payload, as: UTF8.self))
    }
    #expect(numbers == (0..<sent).map(String.init))
    #expect(receiver.statistics.rejected == [:])
    async let stopped: Void = onThread { sender.stop() }
    do {
      try await onThread { for _ in 0..<3 { try sender.rotate(to: reversed) } }
    } catch let error as PeerError where error.code == .stopped {
      // Expected, if the stop came first.
    }
    try await stopped
    #expect(await peerError { try await sender.rotate(to: rings) }?.code == .stopped)
    // All locks are released.
    _ = try makePeer(0, old, new)
  }
}
