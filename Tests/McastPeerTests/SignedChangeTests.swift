import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("A running group that begins to sign, or changes an identity")
struct SignedChangeTests {
  private let files = ChangingGroup(rate: 50)

  @Test("an unsigned group becomes a signed one, and nothing is lost or doubled", arguments: CipherSuite.allCases)
  func becomesSigned(_ suite: CipherSuite) async throws { try await files.becomesSigned(suite) }

  @Test("a member changes its identity, and nothing is lost or doubled")
  func changesIdentity() async throws { try await files.changesIdentity() }

  @Test("a member without its lines in the rosters is heard by nobody at once, and again with them")
  func removed() async throws {
    files.write([1])
    var lines: [String] = []
    for member in files.members { lines.append(try await member.makeIdentity("identity-\(member.node)")) }
    files.writeRosters(lines)
    let peers = try files.members.map { try files.start($0, .wdmNullSHA256) }
    try await files.runOn(peers)
    for node in [0, 1] { files.members[node].replace("roster", lines[0...1].joined(separator: "\n"), mode: 0o644) }
    for node in [0, 1] { try await peers[node].waitForError("member 2 (robot-2) removed") }
    try await files.runOn(peers)
    let before = try peers[0...1].map { try $0.numbers(from: 2).count }
    try await files.runOn(peers)
    #expect(try peers[0...1].map { try $0.numbers(from: 2).count } == before)
    files.writeRosters(lines)
    for node in [0, 1] { try await peers[node].waitForError("member 2 (robot-2) added") }
    try await files.runOn(peers)
    for node in [0, 1] { #expect(try peers[node].numbers(from: 2).count > before[node]) }
  }

  @Test("a member without an identity keeps its ring, says so, and follows once it has one")
  func noIdentity() async throws {
    let keyIDs = try files.secrets.map { "\(try GroupSecret(text: $0).keyID())" }
    files.write([0])
    files.writeRosters((0..<3).map { "\($0) robot-\($0)" })
    let peer = try files.start(files.members[0], .wdmNullSHA256)
    try await peer.waitForError(", roster 0-2")
    files.members[0].replace("secret", files.secrets.joined(separator: "\n"))
    try await peer.waitForError(
      "this member cannot send with the new secret, under which messages are signed: cannot open")
    try await peer.waitForError("accepts \(keyIDs[0]), \(keyIDs[1])")
    // As after the start of its machine.
    let again = try PeerProcess(
      [
        "1", "-I", "lo", "-t", "0", "-g", "\(files.group)", "-k", "\(files.members[0].directory.path)/secret", "-c",
        "1",
      ],
      home: files.members[0].directory)
    #expect(try await again.exitCode() == 0)
    #expect(try again.errors.contains("this member cannot send with the new secret, under which messages are signed"))
    files.members[0].replace("secret", files.secrets.reversed().joined(separator: "\n"))
    try await peer.waitForError("the key ring stays as it was (key ID \(keyIDs[0]), \(keyIDs[1])): cannot open")
    let errors = try peer.errors
    #expect(errors.contains("mcast-peer identity new 0 --identity '\(files.members[0].directory.path)/identity-0'"))
    _ = try await files.members[0].makeIdentity("identity-0")
    try await peer.waitForError("this member sends with key ID \(keyIDs[1])")
    try await peer.waitForError("has no public key for this member: give this line to all rosters: 0 ed25519 ")
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)
  }

  @Test("a secret without signatures in the ring of a signed group is warned of, at the change and at the start")
  func endsSigning() async throws {
    let unsigned = "\(try GroupSecret(text: files.secrets[0]).keyID())"
    let warning = "messages with key ID \(unsigned) need no signature, so that any member can speak as another with it"
    files.write([1])
    files.writeRosters([try await files.members[0].makeIdentity("identity-0")])
    let peer = try files.start(files.members[0], .wdmNullSHA256)
    try await peer.waitForError("SIGNED, NOT ENCRYPTED")
    #expect(try !peer.errors.contains("need no signature"))
    files.write([1, 0])
    try await peer.waitForError(warning)
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)
    let again = try files.start(files.members[0], .wdmNullSHA256)
    try await again.waitForError(warning)
    try await again.waitForError("AUTHENTICATED, NOT ENCRYPTED")
    try await again.waitUntilReady(node: 0)
    again.signal(SIGTERM)
    #expect(try await again.exitCode() == 0)
  }

  @Test("a member whose messages are too long to be signed keeps its ring, and one with longer lines skips these")
  func longMessages() async throws {
    let keyIDs = try files.secrets.map { "\(try GroupSecret(text: $0).keyID())" }
    files.write([0])
    var lines: [String] = []
    for member in files.members { lines.append(try await member.makeIdentity("identity-\(member.node)")) }
    files.writeRosters(lines)
    let long = String(repeating: "x", count: 1200)
    func start(_ node: Int, _ more: [String], shell: String? = nil) throws -> PeerProcess {
      let directory = files.members[node].directory
      return try PeerProcess(
        ["\(node)", "-I", "lo", "-t", "0", "-g", "\(files.group)", "-k", "\(directory.path)/secret"] + more,
        home: directory, shell: shell)
    }
    let talker = try start(0, ["-i", "0.05", "-m", long])
    let input = "for i in $(seq 100000); do echo \"line $i\"; echo \"line $i \(long)\"; done"
    let reader = try start(
      1, ["--stdin", "--rate", "20"], shell: "mkfifo $HOME/$$; { \(input); } >$HOME/$$ & exec \"$0\" \"$@\" <$HOME/$$")
    func sent(_ peer: PeerProcess) throws -> [[Substring]] {
      try peer.output.split(separator: "\n").compactMap { line in
        line.firstRange(of: ": Sent: \"").map { line[$0.upperBound...].dropLast().split(separator: " ") }
      }
    }
    for peer in [talker, reader] { try await eventually("messages") { try sent(peer).count > 3 } }
    files.write([0, 1])
    for peer in [talker, reader] { try await peer.waitForError("accepts \(keyIDs[0]), \(keyIDs[1])") }
    let cannot = "this member cannot send with the new secret, under which messages are signed: --message is too long"
    #expect(try talker.errors.contains(cannot))
    files.write([1, 0])
    try await talker.waitForError(
      "the key ring stays as it was (key ID \(keyIDs[0]), \(keyIDs[1])): --message is too long")
    try await reader.waitForError("this member sends with key ID \(keyIDs[1])")
    try await reader.waitForError(" bytes, a message carries at most 1156: skipped")
    for peer in [talker, reader] {
      let count = try sent(peer).count
      try await eventually("more messages") { try sent(peer).count > count + 5 }
      peer.signal(SIGTERM)
    }
    for peer in [talker, reader] { #expect(try await peer.exitCode() == 0) }
    // All short lines are there, and the long ones up to the change.
    let short = try sent(reader).filter { $0.count == 2 }.compactMap { Int($0[1]) }
    #expect(short == Array(1...short.count))
    let tall = try sent(reader).filter { $0.count == 3 }.compactMap { Int($0[1]) }
    #expect(tall == Array(1...tall.count) && tall.count < short.count)
  }
}
