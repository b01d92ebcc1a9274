import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

/// Without signatures, a holder of the secret can silence another member by one record with that member's ID. All members
/// report it.
@Suite("A member silenced by another")
struct JumpTests {
  private let group = LoopbackGroup()

  /// Members 0 and 1, and a wire for foreign records with the ID of member 1.
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

  @Test(
    "after a record of the last epoch, the victim reports that only a new secret helps, and the others the jump")
  func lastEpoch() async throws {
    let story = try await story()
    try story.wire.send(IndependentRecord(member: 1, epoch: 65_535, text: "not node 1").sealed(group.keys))
    try await story.victim.waitForError("the others no longer hear this peer as member 1: a record from ")
    let line = try #require(try story.victim.errors.split(separator: "\n").first { $0.contains("no longer hear") })
    #expect(line.contains(" warning ") && line.contains("epoch 65535, and this peer sends in epoch 1"), "\(line)")
    #expect(line.contains(":\(story.wire.port) in its name"), "\(line)")
    #expect(line.contains("only a new secret helps"), "\(line)")
    try await story.receiver.waitForError("Z warning ")
    try await story.receiver.waitForError("member 1 jumps from epoch 1 to epoch 65535")
    #expect(try !story.receiver.errors.contains("member 1 has restarted"))
    #expect(try await lost(story) == 0)
  }

  @Test("a listener reports the duplicate ID, and no epoch to start with")
  func listener() async throws {
    let story = try await story("--listen")
    try await story.victim.waitUntilHeard(0)
    try story.wire.send(IndependentRecord(member: 1, epoch: 2000, text: "not node 1").sealed(group.keys))
    try await story.victim.waitForError("sends with our member ID 1: another process has it too")
    #expect(try !story.victim.errors.contains("no longer hear") && !story.victim.errors.contains("--epoch"))
  }

  @Test("after a record of a later epoch, the victim reports the epoch to start with, and is heard again in it")
  func laterEpoch() async throws {
    let story = try await story()
    try story.wire.send(IndependentRecord(member: 1, epoch: 2000, text: "not node 1").sealed(group.keys))
    try await story.victim.waitForError("Start it again with --epoch 2001, once")
    try await story.receiver.waitForError("member 1 jumps from epoch 1 to epoch 2000")
    story.victim.signal(SIGTERM)
    #expect(try await story.victim.exitCode() == 0)
    let again = try group.start(1, "--peers", "0-1", "-i", "0.1", "--epoch", "2001", "-m", "again")
    try await eventually("member 1 to be heard again") {
      try story.receiver.shown(from: 1, text: "again").count >= 3
    }
    _ = again
  }

  @Test(
    "after a record of the last number, the victim reports that it must restart, and the others a jump without loss"
  )
  func lastNumber() async throws {
    let story = try await story()
    try story.wire.send(IndependentRecord(member: 1, sequence: 4_294_967_295, text: "not node 1").sealed(group.keys))
    try await story.victim.waitForError("the others no longer hear this peer as member 1: ")
    let line = try #require(try story.victim.errors.split(separator: "\n").first { $0.contains("no longer hear") })
    #expect(line.contains("has number 4294967295 of epoch 1, and this peer is at "), "\(line)")
    #expect(line.contains("Start it again, in a later epoch"), "\(line)")
    try await story.receiver.waitForError("to number 4294967295 of epoch 1; none of these is counted as lost")
    // The victim's further records are rejected, and not reported as repeated.
    try await story.receiver.waitForError("sends numbers that are too old, since a record in its name jumped")
    #expect(try !story.receiver.errors.contains("repeats numbers of epoch 1"))
    #expect(try await lost(story) == 0)
    story.victim.signal(SIGTERM)
    #expect(try await story.victim.exitCode() == 0)
    let again = try group.start(1, "--peers", "0-1", "-i", "0.1", "-m", "again")
    try await eventually("member 1 to be heard again") {
      try story.receiver.shown(from: 1, text: "again").count >= 3
    }
    #expect(try await lost(story) == 0)
    again.signal(SIGTERM)
    #expect(try await again.exitCode() == 0)
  }

  @Test("a record that silences no member, and a forged one, cause no alarm")
  func harmless() async throws {
    let story = try await story()
    var forged = IndependentRecord(member: 1, epoch: 65_535, text: "forged").sealed(group.keys)
    forged[forged.count - 1] ^= 1
    try story.wire.send(forged)
    try story.wire.send(IndependentRecord(member: 1, sequence: 30, text: "not node 1").sealed(group.keys))
    // The text has two forms: on a busy machine the victim may be past that number itself.
    try await story.victim.waitForError("our member ID 1: ")
    let before = try story.receiver.shown(from: 1).count
    try await story.receiver.waitUntilHeard(1, count: before + 5)
    #expect(try !story.victim.errors.contains("no longer hear"))
    #expect(try !story.receiver.errors.contains("jumps"))
  }
}
