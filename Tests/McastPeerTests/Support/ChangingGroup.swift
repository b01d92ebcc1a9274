import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

/// Three members that send at a rate, and whose files change. Each has a directory of its own with secret, identity and roster,
/// as on a machine of its own.
struct ChangingGroup {
  let group = makeTestGroup()
  let secrets = ["the unsigned secret of the group", "signed:the signed secret of the group"]
  /// The messages a second of each member.
  let rate: Int

  init(rate: Int) {
    self.rate = rate
  }

  final class Member: Sendable {
    let node: UInt8
    let directory = TemporaryDirectory()

    init(_ node: UInt8) { self.node = node }

    func replace(_ name: String, _ text: String, mode: Int = 0o600) {
      let draft = directory.write(text, to: "\(name).draft", mode: mode)
      precondition(rename(draft, "\(directory.path)/\(name)") == 0)
    }

    /// Makes an identity with the command, and returns the line for rosters.
    func makeIdentity(_ name: String) async throws -> String {
      let command = try PeerProcess(
        ["identity", "new", "\(node)", "--identity", "\(directory.path)/\(name)", "--name", "robot-\(node)"])
      guard try await command.exitCode() == 0 else { throw Timeout(description: try command.errors) }
      return try command.output.trimmingCharacters(in: .newlines)
    }
  }

  let members = (0..<3).map { Member($0) }

  func start(_ member: Member, _ suite: CipherSuite) throws -> PeerProcess {
    try PeerProcess(
      ["\(member.node)", "-I", "lo", "-t", "0", "-g", "\(group)", "-k", "\(member.directory.path)/secret"]
        + ["--rate", "\(rate)"] + (suite.isEncrypted ? ["--encrypt", "--new-node"] : []), home: member.directory)
  }

  func write(_ ring: [Int]) {
    for member in members { member.replace("secret", ring.map { secrets[$0] + "\n" }.joined()) }
  }

  func writeRosters(_ lines: [String]) {
    for member in members { member.replace("roster", lines.joined(separator: "\n") + "\n", mode: 0o644) }
  }

  /// Waits until each member has printed the messages of about another second. Looks at sizes alone: there are many.
  func runOn(_ peers: [PeerProcess]) async throws {
    let before = try peers.map { try $0.outputSize }
    try await eventually("messages of another second") {
      try zip(peers, before).allSatisfy { try $0.outputSize > $1 + 2 * rate * 50 }
    }
  }

  /// Stops all members, and checks that each has heard all messages of the others, once.
  func finish(_ peers: [PeerProcess]) async throws {
    for peer in peers { peer.signal(SIGTERM) }
    for peer in peers { #expect(try await peer.exitCode() == 0) }
    for (node, peer) in peers.enumerated() {
      let errors = try peer.errors
      #expect(errors.contains(" received, 0 lost"), "\(node): \(errors)")
      for other in 0..<3 where other != node {
        let numbers = try peer.numbers(from: other)
        let (first, last) = (try #require(numbers.first), try #require(numbers.last))
        #expect(numbers == Array(first...last), "member \(other) at \(node)")
        #expect(numbers.count > rate)
      }
    }
  }

  /// The unsigned group becomes a signed one, as docs/keys.md says.
  func becomesSigned(_ suite: CipherSuite) async throws {
    let keyIDs = try secrets.map { "\(try GroupSecret(text: $0).keyID())" }
    write([0])
    writeRosters((0..<3).map { "\($0) robot-\($0)" })
    let peers = try members.map { try start($0, suite) }
    try await runOn(peers)
    // As docs/keys.md says: identities and rosters first, which changes nothing.
    var lines: [String] = []
    for member in members { lines.append(try await member.makeIdentity("identity-\(member.node)")) }
    writeRosters(lines)
    for peer in peers {
      try await peer.waitForError("other public keys of members 0 (robot-0), 1 (robot-1), 2 (robot-2)")
    }
    try await runOn(peers)
    write([0, 1])
    for peer in peers { try await peer.waitForError("accepts \(keyIDs[0]), \(keyIDs[1])") }
    write([1, 0])
    for peer in peers {
      try await peer.waitForError(
        "all other members were heard with key ID \(keyIDs[1]), and this peer sends with it, too")
    }
    write([1])
    for peer in peers { try await peer.waitForError("accepts \(keyIDs[1]);") }
    try await runOn(peers)
    // Unsigned messages are refused from now on, whoever made them.
    let wire = try Wire(group)
    let record = IndependentRecord(member: 1, epoch: 60_000, text: "not signed")
    try wire.send(record.sealed(RecordKeys(secret: secrets[1], suite)))
    for node in [0, 2] { try await peers[node].waitForError("member 1 (robot-1) does not sign its messages") }
    try await finish(peers)
    for peer in peers { #expect(try !peer.output.contains("not signed")) }
  }

  /// A member changes its identity, as docs/keys.md says.
  func changesIdentity() async throws {
    write([1])
    var lines: [String] = []
    for member in members { lines.append(try await member.makeIdentity("identity-\(member.node)")) }
    writeRosters(lines)
    let peers = try members.map { try start($0, .wdmNullSHA256) }
    try await runOn(peers)
    let next = try await members[1].makeIdentity("next-identity")
    writeRosters(lines + [next])
    for peer in peers { try await peer.waitForError("other public keys of member 1 (robot-1)") }
    let directory = members[1].directory.path
    precondition(rename("\(directory)/next-identity", "\(directory)/identity-1") == 0)
    try await peers[1].waitForError("identity read again from \(directory)/identity-1: this member signs with ")
    try await runOn(peers)
    lines[1] = next
    writeRosters(lines)
    for peer in peers { try await peer.waitForError("other public keys of member 1 (robot-1)", count: 2) }
    try await runOn(peers)
    try await finish(peers)
  }
}
