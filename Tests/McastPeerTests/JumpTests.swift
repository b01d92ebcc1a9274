import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

/// One record of a holder of the secret, in another member's name, makes the others deaf for that member: nothing can prevent
/// it, but everybody is told.
@Suite("A member that another member shuts up")
struct JumpTests {
  private let group = LoopbackGroup()

  /// A group of nodes 0 and 1, and what becomes of it when a record in node 1's name comes.
  private struct Story {
    let victim, receiver: PeerProcess
    let wire: Wire
  }

  private func story(_ more: String...) async throws -> Story {
    let isListening = more.contains("--listen")
    let receiver = try group.start(0, "--peers", "0-1", "-i", "0.1")
    let victim = try PeerProcess(
      ["1", "--peers", "0-1", "-I", "lo", "-t", "0", "-g", "\(group.address)"] + (isListening ? [] : ["-i", "0.1"])
        + more,
      home: group.home, secret: Vectors.shared.secret)
    if !isListening { try await receiver.waitUntilHeard(1) }
    return Story(victim: victim, receiver: receiver, wire: try Wire(group.address))
  }

  private func lost(_ story: Story) async throws -> Int {
    try await story.receiver.trafficReport().nodes[1]?["lost"] ?? -1
  }

  @Test("by the last epoch: the victim is told that only a new secret helps, the others that the epoch jumped")
  func lastEpoch() async throws {
    let story = try await story()
    try story.wire.send(IndependentRecord(member: 1, epoch: 65_535, text: "not node 1").sealed(group.keys))
    try await story.victim.waitForError("the others no longer hear this node 1: a record from ")
    let line = try #require(try story.victim.errors.split(separator: "\n").first { $0.contains("no longer hear") })
    #expect(line.contains(" warning ") && line.contains("epoch 65535, and this node sends in epoch 1"), "\(line)")
    #expect(line.contains(":\(story.wire.port) in its name"), "\(line)")
    #expect(line.contains("only a new secret helps"), "\(line)")
    try await story.receiver.waitForError("warning mcast-peer: ")
    try await story.receiver.waitForError("node 1 jumps from epoch 1 to epoch 65535")
    #expect(try !story.receiver.errors.contains("node 1 has restarted"))
    #expect(try await lost(story) == 0)
  }

  @Test("who only listens is told that its ID is used, and nothing of an epoch to start with: it has none")
  func listener() async throws {
    let story = try await story("--listen")
    try await story.victim.waitUntilHeard(0)
    try story.wire.send(IndependentRecord(member: 1, epoch: 2000, text: "not node 1").sealed(group.keys))
    try await story.victim.waitForError("sends with our node ID 1: another node has it too")
    #expect(try !story.victim.errors.contains("no longer hear") && !story.victim.errors.contains("--epoch"))
  }

  @Test("by a later epoch: the victim is told the epoch to start with, and is heard again when it does")
  func laterEpoch() async throws {
    let story = try await story()
    try story.wire.send(IndependentRecord(member: 1, epoch: 2000, text: "not node 1").sealed(group.keys))
    try await story.victim.waitForError("Start it again with --epoch 2001, once")
    try await story.receiver.waitForError("node 1 jumps from epoch 1 to epoch 2000")
    story.victim.signal(SIGTERM)
    #expect(try await story.victim.exitCode() == 0)
    let again = try group.start(1, "--peers", "0-1", "-i", "0.1", "--epoch", "2001", "-m", "again")
    try await eventually("node 1 to be heard again") {
      try story.receiver.shown(from: 1, text: "again").count >= 3
    }
    _ = again
  }

  @Test(
    "by the last number: the victim is told to start again, the others that its numbers jumped, and none counts as lost"
  )
  func lastNumber() async throws {
    let story = try await story()
    try story.wire.send(IndependentRecord(member: 1, sequence: 4_294_967_295, text: "not node 1").sealed(group.keys))
    try await story.victim.waitForError("the others no longer hear this node 1: ")
    let line = try #require(try story.victim.errors.split(separator: "\n").first { $0.contains("no longer hear") })
    #expect(line.contains("has number 4294967295 of epoch 1, and this node is at "), "\(line)")
    #expect(line.contains("Start it again, in a later epoch"), "\(line)")
    try await story.receiver.waitForError("to number 4294967295 of epoch 1; none of these is counted as lost")
    // What the victim sends on is refused, and not said to be repeated.
    try await story.receiver.waitForError("sends numbers that are too old, since a record in its name jumped")
    #expect(try !story.receiver.errors.contains("repeats numbers of epoch 1"))
    #expect(try await lost(story) == 0)
    story.victim.signal(SIGTERM)
    #expect(try await story.victim.exitCode() == 0)
    let again = try group.start(1, "--peers", "0-1", "-i", "0.1", "-m", "again")
    try await eventually("node 1 to be heard again") {
      try story.receiver.shown(from: 1, text: "again").count >= 3
    }
    #expect(try await lost(story) >= 0)
    _ = again
  }

  @Test("a record that the others do not mind, and one that does not authenticate, alarm nobody")
  func harmless() async throws {
    let story = try await story()
    var forged = IndependentRecord(member: 1, epoch: 65_535, text: "forged").sealed(group.keys)
    forged[forged.count - 1] ^= 1
    try story.wire.send(forged)
    try story.wire.send(IndependentRecord(member: 1, sequence: 30, text: "not node 1").sealed(group.keys))
    // In one of two wordings: on a busy machine the victim may have come past that number itself.
    try await story.victim.waitForError("our node ID 1: ")
    let before = try story.receiver.shown(from: 1).count
    try await story.receiver.waitUntilHeard(1, count: before + 5)
    #expect(try !story.victim.errors.contains("no longer hear"))
    #expect(try !story.receiver.errors.contains("jumps"))
  }
}
