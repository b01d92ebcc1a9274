import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

/// Member 2 attacks member 1 at member 0: it has the secret and an identity of its own, and shares no code with the peers.
/// Each attack is also made on the same group without signatures, where it succeeds.
@Suite("An insider")
struct InsiderTests {
  /// Members 0 and 1, which hear each other, and a wire for the records of the insider.
  private final class Story {
    let group: SignedGroup
    let receiver, victim: PeerProcess
    let wire: Wire

    init(_ isSigned: Bool, _ suite: CipherSuite = .wdmNullSHA256, interval: String = "0.1") async throws {
      group = try SignedGroup(isSigned: isSigned, suite: suite)
      receiver = try group.start(0, ["-i", "3600"])
      victim = try group.start(1, ["-i", interval])
      wire = try Wire(group.address)
      try await receiver.waitForMore(from: 1, 3)
    }

    /// Sends a record in the name of member 1.
    func send(_ record: IndependentRecord) throws { try wire.send(record.sealed(group.keys)) }

    /// The forms in which the insider can make a message of a record: unsigned, signed by itself, by nobody, and with the
    /// signature of another message of member 1.
    func forms(_ record: IndependentRecord) -> [IndependentRecord] {
      var byNobody = group.signer(2).sign(record)
      // The tag of the victim's key.
      byNobody.payload[byNobody.payload.count - 2] = group.signer(1).tag
      return [record, group.signer(2).sign(record), byNobody]
    }

    /// True if member 1 is heard by member 0 now.
    func isHeard() async throws -> Bool {
      let (before, sent) = (try receiver.numbers(from: 1).count, try victim.sent.count)
      try await eventually("ten more messages of the victim") { try victim.sent.count >= sent + 10 }
      // The last one may be on its way.
      try? await Task.sleep(for: .milliseconds(500))
      return try receiver.numbers(from: 1).count >= before + 5
    }

    /// True if a message of the insider was shown as one of member 1.
    func isFooled() throws -> Bool { try receiver.output.contains("not node 1") }
  }

  @Test(
    "cannot have a message delivered as another member's", arguments: [true, false], CipherSuite.allCases)
  func speaks(_ isSigned: Bool, _ suite: CipherSuite) async throws {
    let story = try await Story(isSigned, suite)
    for (index, form) in story.forms(IndependentRecord(member: 1, text: "not node 1")).enumerated() {
      var record = form
      record.sequence = 1000 + UInt64(index)
      try story.send(record)
    }
    // A message of the insider's own, and one that the victim has signed under another number.
    let own = IndependentRecord(member: 2, sequence: 1, text: "from node 2")
    try story.send(isSigned ? story.group.signer(2).sign(own) : own)
    try await eventually("the insider's own message") { try story.receiver.output.contains("from node 2") }
    if isSigned { try await story.receiver.waitForError("member 1 (robot-1)") }
    #expect(try story.isFooled() == !isSigned)
  }

  @Test("cannot use a member's own signature for another number, epoch or member", arguments: CipherSuite.allCases)
  func moves(_ suite: CipherSuite) async throws {
    let group = try SignedGroup(suite: suite)
    let wire = try Wire(group.address)
    let receiver = try group.start(0, ["-i", "3600"])
    let victim = try group.start(1, ["-i", "0.1", "-m", "said once"])
    try await receiver.waitForMore(from: 1, 3, text: "said once")
    let records = try wire.receive(5).compactMap { IndependentRecord(opening: $0, with: group.keys) }
      .filter { $0.member == 1 }
    let taken = try #require(records.last)
    for change in 0..<4 {
      var moved = taken
      switch change {
      case 0: moved.sequence += 1000
      case 1: moved.epoch += 1
      case 2: moved.member = 2
      default: (moved.epoch, moved.sequence) = (moved.epoch + 100, 0)
      }
      try wire.send(moved.sealed(group.keys))
    }
    try await receiver.waitForMore(from: 1, 10, text: "said once")
    let numbers = try receiver.numbers(from: 1, text: "said once")
    #expect(try receiver.numbers(from: 2, text: "said once").isEmpty)
    #expect(numbers == Array(numbers[0]...numbers[numbers.count - 1]))
    #expect(victim.isRunning)
  }

  @Test("cannot end a member's epoch, also not over its restart", arguments: [true, false], CipherSuite.allCases)
  func laterEpoch(_ isSigned: Bool, _ suite: CipherSuite) async throws {
    let story = try await Story(isSigned, suite)
    for epoch: UInt16 in [2, 3, 40_000, 65_535] {
      for form in story.forms(IndependentRecord(member: 1, epoch: epoch, text: "not node 1")) { try story.send(form) }
    }
    if isSigned || !suite.isEncrypted {
      #expect(try await story.isHeard() == isSigned)
    } else {
      // There is no later epoch, in which no nonce would repeat.
      #expect(try await story.victim.exitCode() == 73)
    }
    #expect(try story.isFooled() == !isSigned)
    if isSigned {
      story.victim.signal(SIGTERM)
      #expect(try await story.victim.exitCode() == 0)
      let again = try story.group.start(1, ["-i", "0.1", "-m", "after the restart"])
      try await story.receiver.waitForMore(from: 1, 5, text: "after the restart")
      #expect(again.isRunning)
    }
  }

  @Test("cannot silence a member by high numbers", arguments: [true, false], CipherSuite.allCases)
  func highNumber(_ isSigned: Bool, _ suite: CipherSuite) async throws {
    let story = try await Story(isSigned, suite)
    for number: UInt64 in [100_000, 1 << 31, 4_294_967_295] {
      for form in story.forms(IndependentRecord(member: 1, sequence: number, text: "not node 1")) {
        try story.send(form)
      }
    }
    if suite == .wdmNullSHA256 || isSigned {
      #expect(try await story.isHeard() == isSigned)
    } else {
      // A victim that encrypts moves to a later epoch, as before any clone, and is heard in that: until the third time.
      try await story.victim.waitForError("nonces were repeated, or may be")
    }
    #expect(try story.isFooled() == !isSigned)
  }

  @Test("cannot use up the numbers that a member is about to use", arguments: [true, false])
  func repeatedNumbers(_ isSigned: Bool) async throws {
    let story = try await Story(isSigned)
    let next = UInt64(try story.victim.sent.count)
    for number in next..<next + 60 {
      for form in story.forms(IndependentRecord(member: 1, sequence: number, text: "not node 1")) {
        try story.send(form)
      }
    }
    try await eventually("the victim to send these numbers") { try story.victim.sent.count > Int(next) + 70 }
    try await story.receiver.waitForMore(from: 1, 5)
    let numbers = try story.receiver.numbers(from: 1)
    let (first, last) = (try #require(numbers.first), try #require(numbers.last))
    #expect((numbers == Array(first...last)) == isSigned)
  }

  @Test(
    "cannot keep a member out by bad signatures, at 2,000 a second and at 10,000", arguments: [true, false],
    [2000, 10_000])
  func flood(_ isSigned: Bool, _ rate: Int) async throws {
    let story = try await Story(isSigned)
    let isOver = Flag()
    defer { isOver.set() }
    let (group, receiver) = (story.group, story.receiver.identifier)
    async let sent = onThread {
      let socket = try FloodSocket(group.address, sparing: ReceiveQueue(of: receiver, group: group.address))
      var records: [[UInt8]] = []
      for number in 0..<64 {
        let record = IndependentRecord(member: 1, sequence: 1_000_000 + UInt64(number), text: "not node 1")
        var signed = group.signer(2).sign(record)
        signed.payload[signed.payload.count - 2] = group.signer(1).tag
        records.append((group.isSigned ? signed : record).sealed(group.keys))
      }
      let start = ContinuousClock.now
      while !isOver.isSet {
        let due = Int((ContinuousClock.now - start) / .seconds(1) * Double(rate))
        for _ in 0..<min(200, max(0, due - socket.sent)) { try socket.send(records[socket.sent % records.count]) }
        usleep(500)
      }
      return socket.sent
    }
    // Forty messages of the victim under the flood.
    let before = try story.victim.sent.count
    try await eventually("forty messages of the victim") { try story.victim.sent.count >= before + 40 }
    isOver.set()
    #expect(try await sent > 1000)
    #expect(try await story.isHeard() == isSigned)
    if isSigned {
      let numbers = try story.receiver.numbers(from: 1)
      let (first, last) = (try #require(numbers.first), try #require(numbers.last))
      #expect(numbers == Array(first...last))
      try await story.receiver.waitForError("are not signed by it: another member of the group speaks in its name")
    }
    #expect(try story.isFooled() == !isSigned)
  }

  @Test(
    "cannot make a member that encrypts leave its epochs and stop, by records in its name", arguments: [true, false])
  func contests(_ isSigned: Bool) async throws {
    let story = try await Story(isSigned, .pskChaCha20Poly1305)
    for epoch: UInt16 in [20_000, 40_000, 60_000] {
      for form in story.forms(IndependentRecord(member: 1, epoch: epoch, text: "not node 1")) { try story.send(form) }
      try? await Task.sleep(for: .milliseconds(300))
    }
    if isSigned {
      #expect(try await story.isHeard())
      #expect(story.victim.isRunning)
      #expect(try !story.victim.errors.contains("continues in epoch"))
      try await story.victim.waitForError("does not sign with our key: another member of the group speaks in our name")
    } else {
      #expect(try await story.victim.exitCode() == 73)
    }
  }
}
