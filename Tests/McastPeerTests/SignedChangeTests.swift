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
}
