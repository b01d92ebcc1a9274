import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Encrypting peers with the same ID")
struct CloneTests {
  private let group = LoopbackGroup()
  private let keys = RecordKeys.ofVectors(.pskChaCha20Poly1305)

  private func start(_ state: String, _ more: String...) throws -> PeerProcess {
    try PeerProcess(
      ["0", "-I", "lo", "-t", "0", "-g", "\(group.address)", "-i", "0.02", "--encrypt", "--state-dir", state] + more,
      home: group.home, secret: Vectors.shared.secret)
  }

  /// Counts the repeated numbers, by epoch.
  private func repetitions(_ tap: Tap) async throws -> [UInt16: Int] {
    let (datagrams, keys) = (tap.datagrams, keys)
    return try await onThread {
      var seen: Set<[UInt8]> = []
      var repeated: [UInt16: Int] = [:]
      for datagram in datagrams {
        guard let record = IndependentRecord(opening: datagram, with: keys), record.member == 0 else { continue }
        if !seen.insert(Array(datagram[3..<11])).inserted { repeated[record.epoch, default: 0] += 1 }
      }
      return repeated
    }
  }

  @Test(
    "clones leave their shared epoch at once, report repeated nonces, and one of them ends with code 73",
    arguments: ["an image of the disk", "a copy of the directory"])
  func clones(way: String) async throws {
    let tap = try Tap(group.address)
    let states = ["\(group.home.path)/a", "\(group.home.path)/b"]
    let isCopy = way.contains("copy")
    // A copy of the files is detected as one, but a disk image is not. Both peers of an image get the same --epoch.
    let first = try start(states[0], "-m", "one", "--epoch", "5")
    try await first.waitForLine("Node 0: Sent: \"one, message #2\"")
    if isCopy { #expect(system("cp -a '\(states[0])' '\(states[1])'") == 0) }
    let second = isCopy ? try start(states[1], "-m", "two") : try start(states[1], "-m", "two", "--epoch", "5")
    if isCopy { try await second.waitForError("is a copy") }
    try await eventually("one of them to end") { !first.isRunning || !second.isRunning }
    let (ended, left) = first.isRunning ? (second, first) : (first, second)
    #expect(try await ended.exitCode() == 73)
    #expect(try ended.errors.contains("for the third time in an hour"))
    #expect(try ended.errors.components(separatedBy: "Nonces were repeated, or may be: change the secret").count > 1)
    for peer in [first, second] { try await peer.waitForError("nonces were repeated, or may be") }
    // The other peer continues alone.
    let count = tap.count
    try await eventually("more messages") { tap.count >= count + 10 }
    left.signal(SIGTERM)
    #expect(try await left.exitCode() == 0)
    tap.stop()
    let repeated = try await repetitions(tap)
    // Numbers can repeat only until the peers have heard each other.
    #expect(repeated.keys.allSatisfy { !isCopy && $0 == 5 }, "\(repeated)")
    #expect(repeated.values.reduce(0, +) < 20, "\(repeated)")
  }

  @Test("a clone that waits for its input also ends, and its JSON lines have the reason")
  func waiting() async throws {
    let state = "\(group.home.path)/a"
    let peer = try group.start(
      0, ["--stdin", "--encrypt", "--new-node", "-o", "json", "--state-dir", state],
      input: "echo hello; exec sleep 1000")
    try await eventually("a message") { try peer.output.contains("\"event\":\"sent\"") }
    for number in 1...3 {
      let epoch = UInt16(3000 * number)
      try Wire(group.address).send(
        IndependentRecord(member: 0, sequence: 7, epoch: epoch, text: "not ours").sealed(keys))
      if number < 3 { try await peer.waitForError("in epoch \(epoch)") }
    }
    #expect(try await peer.exitCode() == 73)
    #expect(try peer.output.components(separatedBy: "\"cause\":\"cloned\"").count == 3)
    #expect(try peer.output.contains("for the third time in an hour"))
    #expect(try String(contentsOfFile: "\(state)/9ab7-6d2d-0", encoding: .utf8).contains("complete\n"))
  }

  @Test("a clone is detected by its first record, also if it is thousands of records behind")
  func farBehind() async throws {
    let peer = try group.start(
      0, ["--stdin", "--rate", "0", "--encrypt", "--epoch", "5", "--state-dir", "\(group.home.path)/a"],
      input: "seq 3000; exec sleep 1000")
    try await peer.waitForLine("Node 0: Sent: \"3000\"")
    try Wire(group.address).send(IndependentRecord(member: 0, sequence: 0, epoch: 5, text: "a clone").sealed(keys))
    try await peer.waitForError("nonces were repeated, or may be")
    #expect(peer.isRunning)
  }

  @Test("replays, forgeries and records of earlier epochs do not move a peer to another epoch")
  func outsiders() async throws {
    let wire = try Wire(group.address)
    let peer = try start("\(group.home.path)/a", "--epoch", "100")
    let records = try await onThread { try wire.receive(20) }
    for _ in 0..<5 { for record in records { try wire.send(record) } }
    for epoch in [1, 99] as [UInt16] {
      try wire.send(IndependentRecord(member: 0, epoch: epoch, text: "not ours").sealed(keys))
    }
    var forged = IndependentRecord(member: 0, epoch: 200, text: "not ours").sealed(keys)
    forged[forged.count - 1] ^= 1
    try wire.send(forged)
    try await peer.waitForError("sends with our member ID 0")
    let report = try await peer.trafficReport { ($0.refused["own ID used by others"] ?? 0) >= 100 }
    #expect(report.refused["own ID used by others"] ?? 0 >= 100)
    #expect(try !peer.errors.contains("nonces were repeated") && peer.isRunning)
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)
  }

  @Test("a contested peer without a later epoch ends at once")
  func lastEpoch() async throws {
    let peer = try start("\(group.home.path)/a", "--epoch", "65535")
    try await peer.waitForLine("Node 0: Sent: \"Hello from node 0, message #1\"")
    try Wire(group.address).send(
      IndependentRecord(member: 0, sequence: 1 << 20, epoch: 65535, text: "not ours").sealed(keys))
    #expect(try await peer.exitCode() == 73)
    #expect(try peer.errors.contains("change the secret"))
  }

  @Test("without encryption, a contested peer keeps running")
  func plain() async throws {
    let peer = try group.start(0, "-i", "0.02")
    try await peer.waitForLine("Node 0: Sent: \"Hello from node 0, message #1\"")
    let keys = RecordKeys.ofVectors(.wdmNullSHA256)
    for number in 1...4 {
      try Wire(group.address).send(
        IndependentRecord(member: 0, sequence: 7, epoch: UInt16(100 * number), text: "not ours").sealed(keys))
    }
    try await peer.waitForError("uses our member ID 0")
    let report = try await peer.trafficReport { ($0.refused["own ID used by others"] ?? 0) >= 4 }
    #expect(report.refused["own ID used by others"] == 4)
    #expect(peer.isRunning)
  }

  @Test(
    "of two processes with one ID, and identities that the other does not know, one leaves the epoch, and none ends")
  func identities() async throws {
    let signed = try SignedGroup(suite: .pskChaCha20Poly1305)
    let tap = try Tap(signed.address)
    let other = try SignedGroup(suite: .pskChaCha20Poly1305)
    other.writeIdentity(other.signer(0, next: true), to: "identity-0")
    other.writeRoster([other.line(0, next: true)])
    func start(_ files: SignedGroup, _ text: String) throws -> PeerProcess {
      try PeerProcess(
        [
          "0", "-I", "lo", "-t", "0", "-g", "\(signed.address)", "--roster", files.roster, "--identity",
          files.identity(0),
        ]
          + ["--sign", "--encrypt", "--epoch", "5", "-i", "0.02", "-m", text], home: files.home, secret: signed.secret)
    }
    let (first, second) = (try start(signed, "one"), try start(other, "two"))
    // The other may have left before its first message, and the first one has no reason to then.
    try await eventually("one of them to leave the epoch") {
      try [first, second].contains {
        try $0.errors.contains("or a second process has this ID and another identity. Then")
      }
    }
    let count = tap.count
    try await eventually("more messages") { tap.count >= count + 40 }
    for peer in [first, second] {
      peer.signal(SIGTERM)
      #expect(try await peer.exitCode() == 0)
    }
    tap.stop()
    let repeated = try await repetitions(tap)
    #expect(repeated.keys.allSatisfy { $0 == 5 } && repeated.values.reduce(0, +) < 20, "\(repeated)")
  }
}
