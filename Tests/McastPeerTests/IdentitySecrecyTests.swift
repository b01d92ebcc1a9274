import Crypto
import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Secrecy of an identity")
struct IdentitySecrecyTests {
  /// The seed in each form: as in the file, as bytes, and the hash that signs like it (RFC 8032 section 5.1.5).
  private func needles(_ seed: [UInt8]) -> [String: [UInt8]] {
    let hash = Array(SHA512.hash(data: seed))
    var scalar = Array(hash[..<32])
    scalar[0] &= 248
    scalar[31] = scalar[31] & 63 | 64
    return [
      "the text": Array(Data(seed).base64EncodedString().utf8), "the seed": seed,
      "its first half": Array(seed[..<16]), "its second half": Array(seed[16...]),
      "the scalar": scalar, "half of the scalar": Array(scalar[16...]), "the prefix": Array(hash[32...]),
      "half of the prefix": Array(hash[48...]),
    ]
  }

  @Test(
    "the memory of a member that signs contains neither its seed nor what signs like it, also after a change",
    .disabled(if: Sanitizer.isOn, "a sanitizer keeps what was freed, and maps terabytes"),
    arguments: CipherSuite.allCases)
  func memory(_ suite: CipherSuite) async throws {
    let group = try SignedGroup(suite: suite)
    let seeds = (0..<2).map { _ in (0..<32).map { _ in UInt8.random(in: .min ... .max) } }
    func signer(_ seed: [UInt8]) -> IndependentSigner {
      IndependentSigner(seed: seed, secret: group.secret, suite)
    }
    group.writeIdentity(signer(seeds[0]), to: "identity-1")
    group.writeRoster(
      [group.line(0)] + seeds.map { "1 ed25519 \(signer($0).publicText) robot-1" } + [group.line(2)])
    let (other, peer) = (try group.start(0, ["-i", "0.02"]), try group.start(1, ["-i", "0.02"]))
    try await other.waitForMore(from: 1, 20)
    try await peer.waitForMore(from: 0, 20)
    group.writeIdentity(signer(seeds[1]), to: "identity-1")
    try await peer.waitForError("identity read again from ")
    try await other.waitForMore(from: 1, 20)
    for (index, seed) in seeds.enumerated() {
      let needles = needles(seed)
      let found = try await onThread { [process = peer.identifier] in try search(memoryOf: process, for: needles) }
      #expect(found == [], "identity \(index)")
    }
    // The search would find something that is there: the public key.
    let publicKey = signer(seeds[1]).publicKey
    let found = try await onThread { [process = peer.identifier] in
      try search(memoryOf: process, for: ["the public key": publicKey])
    }
    #expect(found == ["the public key"])
    for text in [try peer.visible, try peer.errors, try peer.output] {
      for seed in seeds { #expect(!text.contains(Data(seed).base64EncodedString())) }
    }
  }

  @Test("the commands print the public key, and nothing of the private one; another user's or an open file is refused")
  func commands() async throws {
    let home = TemporaryDirectory()
    let file = "\(home.path)/identity-7"
    func run(_ arguments: String...) async throws -> (code: Int32, output: String, errors: String) {
      let command = try PeerProcess(["identity"] + arguments + ["--identity", file])
      return (try await command.exitCode(), try command.output, try command.errors)
    }
    #expect(try await run("show", "7").code == 78)
    let made = try await run("new", "7", "--name", "robot-7")
    #expect(made.code == 0)
    let text = try String(contentsOfFile: file, encoding: .utf8)
    let seed = try #require(Data(base64Encoded: text.dropFirst("ed25519-seed ".count).dropLast().description))
    let signer = IndependentSigner(seed: Array(seed), secret: Vectors.shared.secret, .wdmNullSHA256)
    #expect(made.output == "7 ed25519 \(signer.publicText) robot-7\n")
    #expect(made.errors.contains("fingerprint "))
    let shown = try await run("show", "7", "--name", "robot-7")
    #expect(shown.code == 0 && shown.output == made.output && shown.errors == made.errors)
    for text in [made.output, made.errors, shown.output, shown.errors] {
      #expect(!text.contains(seed.base64EncodedString()))
    }
    let again = try await run("new", "7")
    #expect(again.code == 78 && again.errors.contains("exists already, and is not overwritten"))
    #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
    #expect(try await run("new", "256").code == 64)
    #expect(try await run("new", "7", "--name", "two words").code == 64)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
    let open = try await run("show", "7")
    #expect(open.code == 77 && open.errors.contains("chmod 600") && open.errors.contains("change the identity"))
  }

  @Test("two that make an identity in one file at once: one makes it, and both files are whole")
  func atOnce() async throws {
    let home = TemporaryDirectory()
    let commands = try (0..<6).map { _ in
      try PeerProcess(["identity", "new", "7", "--identity", "\(home.path)/identity-7"])
    }
    var codes: [Int32] = []
    for command in commands { codes.append(try await command.exitCode()) }
    #expect(codes.sorted() == [0, 78, 78, 78, 78, 78])
    let winner = try #require(zip(commands, codes).first { $0.1 == 0 }).0
    let shown = try PeerProcess(["identity", "show", "7", "--identity", "\(home.path)/identity-7"])
    #expect(try await shown.exitCode() == 0)
    let (one, other) = (try winner.output, try shown.output)
    #expect(one == other)
    #expect(try FileManager.default.contentsOfDirectory(atPath: home.path) == ["identity-7"])
  }

  @Test("a roster's fingerprint is told by the command, and by the start of each peer")
  func rosterID() async throws {
    let group = try SignedGroup()
    let command = try PeerProcess(["roster", "id", "--roster", group.roster])
    #expect(try await command.exitCode() == 0)
    let lines = try command.lines
    #expect(lines.count == 5 && lines[1].hasSuffix("  member 0 (robot-0)"))
    let fingerprint = try #require(lines[0].split(separator: " ").first)
    let peer = try group.start(0, ["-c", "1"])
    #expect(try await peer.exitCode() == 0)
    let errors = try peer.errors
    #expect(errors.contains("the public keys of the roster have \(fingerprint): compare it"))
    #expect(errors.contains("this member signs with \(lines[1].split(separator: " ")[0])"))
    #expect(errors.contains("SIGNED, NOT ENCRYPTED (WDM-NULL-SHA256)"))
    let none = TemporaryDirectory()
    none.write("0\n1\n", to: "roster", mode: 0o644)
    let empty = try PeerProcess(["roster", "id", "--roster", "\(none.path)/roster"])
    #expect(try await empty.exitCode() == 78)
    #expect(try empty.errors.contains("has no public key"))
  }

  @Test(
    "a member that cannot sign, or whose roster has no key or another one for it, is told so at its start",
    arguments: ["no identity", "no roster", "another key", "wolfssl"])
  func start(_ fault: String) async throws {
    let group = try SignedGroup()
    var more = ["-c", "1"]
    switch fault {
    case "no identity": try FileManager.default.removeItem(atPath: group.identity(0))
    case "no roster": group.writeRoster(["0", "1", "2"])
    case "another key": group.writeIdentity(group.signer(0, next: true), to: "identity-0")
    default: more += ["--engine", "wolfssl"]
    }
    let peer = try group.start(0, more)
    let (code, errors) = (try await peer.exitCode(), try peer.errors)
    switch fault {
    case "no identity":
      #expect(code == 78 && errors.contains("mcast-peer identity new 0 --identity '\(group.identity(0))'"), "\(errors)")
    case "no roster":
      #expect(
        code == 0 && errors.contains("has no public key for this member: give this line to all rosters: 0 ed25519 "))
      #expect(errors.contains("there is no public key for members 1-2 in the roster"), "\(errors)")
    case "another key":
      #expect(code == 0 && errors.contains("has another public key for this member"), "\(errors)")
    default: #expect(code == 64 && errors.contains("leave out it or --sign"), "\(errors)")
    }
  }
}
