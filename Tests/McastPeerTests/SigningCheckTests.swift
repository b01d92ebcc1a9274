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

  private func findings(
    _ roster: String, _ source: IdentitySource?, member: MemberID? = 0, unsigned: [KeyID] = []
  ) throws -> [Finding] {
    let members = Members(roster: try Roster(roster, origin: "it"), origin: .file("/etc/mcast-peer/roster"))
    return SigningCheck(members: members, identity: source, member: member, unsigned: unsigned).findings
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

  @Test("a ring with secrets that are not signed is not told to be signed")
  func partly() throws {
    let own = try identity(0)
    let all = try findings("0 ed25519 \(own.key)", own.source, unsigned: [KeyID([1, 2, 3, 4])])
    #expect(all.map(\.verdict) == [.warning, .ok, .ok])
    #expect(all[0].text.contains("key ID 0102-0304 need no signature") && !all[1].text.contains("messages are signed"))
  }

  @Test("a member without a roster, or with another's identity, is told that, and no wrong remedy")
  func otherCauses() throws {
    let (own, other) = (try identity(0), try identity(1))
    for (origin, words) in [(Members.Origin.standard, "there is no roster"), (.option, "--peers has no public keys")] {
      let members = Members(roster: Roster(MemberSet(0...2)), origin: origin)
      let all = SigningCheck(members: members, identity: own.source, member: 0).findings
      #expect(all.map(\.verdict) == [.failure, .ok] && all[0].text.contains(words))
      let lines = SigningLines(member: 0, key: own.key, members: members).all.map(\.text)
      #expect(lines.count == 2 && lines[1].contains(words) && !lines.joined().contains("give this line"))
    }
    let copied = try findings("0 robot-0\n1 ed25519 \(other.key) robot-1", other.source)
    #expect(copied[1].verdict == .failure && !copied[1].text.contains("give this line"))
    #expect(copied[1].text.contains("is that of member 1 (robot-1)") && copied[1].text.contains("identity new 0"))
  }

  @Test(
    "a member that does not sign is told of public keys in its roster, and nothing is said of a roster with a fault")
  func unsignedBesideKeys() throws {
    let roster = files.write("0 ed25519 \(try identity(0).key)\n", to: "roster", mode: 0o644)
    let ring = KeyRing(try GroupSecret(text: "an unsigned secret of the group"))
    func findings(_ more: [String] = [], isRosterUsable: Bool = true) throws -> [Finding] {
      let network = try NetworkConfiguration(
        NetworkArguments.parse(["--roster", roster] + more), NetworkArguments.parse([]), peers: MemberSet(0...2))
      return LocalChecks(network: network, isRosterUsable: isRosterUsable, caller: nil).signing(of: nil, ring)
    }
    let unsigned = try findings()
    #expect(unsigned.map(\.verdict) == [.warning])
    #expect(unsigned[0].text.contains("has public keys, and no message is signed here"))
    #expect(try findings(["--sign"]).map(\.verdict) == [.ok])
    #expect(try findings(["--sign"], isRosterUsable: false).isEmpty)
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
