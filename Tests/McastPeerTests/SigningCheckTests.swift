import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import MulticastDTLS
@testable import mcast_peer

@Suite("doctor and signatures")
struct SigningCheckTests {
  private let files = TemporaryDirectory()

  private func identity(_ member: MemberID) throws -> (source: IdentitySource, key: PublicKey) {
    let path = "\(files.path)/identity-\(member)"
    let identity = try IdentityFile(path: FilePath(path)).create()
    return (IdentitySource(of: member, identity: path, secretFile: nil), identity.publicKey)
  }

  private func findings(_ roster: String, _ source: IdentitySource?, member: MemberID? = 0) throws -> [Finding] {
    let members = Members(roster: try Roster(roster, origin: "it"), origin: .file("/etc/mcast-peer/roster"))
    return SigningCheck(members: members, identity: source, member: member).findings
  }

  @Test("a sound member gets the fingerprints to compare; a listener needs no identity")
  func sound() throws {
    let (own, other) = (try identity(0), try identity(1))
    let roster = "0 ed25519 \(own.key)\n1 ed25519 \(other.key)\n2 listens"
    let all = try findings(roster, own.source)
    #expect(all.map(\.verdict) == [.ok, .ok])
    let fingerprint = try #require(try Roster(roster, origin: "it").fingerprint)
    #expect(all[0].text.contains("\(fingerprint)") && all[1].text.contains("\(own.key.fingerprint)"))
    #expect(try findings(roster, nil, member: nil).map(\.verdict) == [.ok])
  }

  @Test("missing keys, another key, and a missing or open identity are told with what to do")
  func faults() throws {
    let (own, other) = (try identity(0), try identity(1))
    let line = "0 ed25519 \(own.key)"
    let without = try findings("0\n1", own.source)
    #expect(without.map(\.verdict) == [.failure, .failure])
    #expect(
      without[0].text.contains("has no public key")
        && without[1].text.contains("give this line to all rosters: \(line)"))
    let missing = try findings("\(line)\n1\n2 robot-2", own.source)
    #expect(missing.map(\.verdict) == [.warning, .ok])
    #expect(missing[0].text.contains("no public key for members 1, 2 (robot-2)"))
    let another = try findings("0 ed25519 \(other.key)", own.source)
    #expect(
      another.map(\.verdict) == [.ok, .failure] && another[1].text.contains("has another public key for this member"))
    let path = "\(files.path)/identity-9"
    let none = IdentitySource(of: 9, identity: path, secretFile: nil)
    let absent = try findings(line, none, member: 9)
    #expect(absent[1].verdict == .failure && absent[1].text.contains("mcast-peer identity new 9 --identity"))
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: "\(files.path)/identity-0")
    #expect(try findings(line, own.source)[1].text.contains("others may use the identity file"))
  }

  @Test("unsigned members beside signed ones are told by name what is wrong: in the logs, by doctor and by status")
  func mixed() async throws {
    let signed = try SignedGroup()
    func unsigned(_ node: Int) throws -> PeerProcess {
      try PeerProcess(
        ["\(node)", "-I", "lo", "-t", "0", "-g", "\(signed.address)", "--roster", signed.roster, "-i", "0.1"],
        home: signed.home, secret: signed.secret)
    }
    let (member, other) = (try signed.start(0, ["-i", "0.1"]), try unsigned(1))
    try await member.waitForError("member 1 (robot-1) does not sign its messages, from ")
    try await other.waitForError("member 0 (robot-0) seems to sign its messages, from ")
    #expect(try member.numbers(from: 1).isEmpty)
    func ask(_ command: [String]) async throws -> (code: Int32, output: String) {
      let process = try PeerProcess(
        command + ["-I", "lo", "-t", "0", "-g", "\(signed.address)", "--roster", signed.roster, "--sign"],
        home: signed.home, secret: signed.secret)
      return (try await process.exitCode(), try process.output)
    }
    let status = try await ask(["status", "--wait", "2"])
    #expect(status.code == 1, "\(status.output)")
    #expect(status.output.contains("rejected: not signed") && status.output.contains("WDM-NULL-SHA256, signed"))
    let doctor = try await ask(["doctor", "--wait", "2"])
    #expect(doctor.code == 1, "\(doctor.output)")
    #expect(doctor.output.contains("does not sign its messages") && doctor.output.contains("ok       signing"))
  }
}
