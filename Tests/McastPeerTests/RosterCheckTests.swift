import SystemPackage
import TestSupport
import Testing

@testable import MulticastDTLS
@testable import mcast_peer

@Suite("doctor and the roster")
struct RosterCheckTests {
  private func findings(_ text: String, of own: MemberID?) throws -> [Finding] {
    let members = Members(roster: try Roster(text, origin: "the roster"), origin: .file("/etc/mcast-peer/roster"))
    return RosterCheck(members: .success(members), path: "/etc/mcast-peer/roster").findings(of: own)
  }

  @Test("a roster is named with its members, and one without this member is a failure")
  func verdicts() throws {
    #expect(
      try findings("0\n1\n2 listens", of: 0) == [
        .ok("roster", "/etc/mcast-peer/roster: members 0-2, of which 2 only listen")
      ])
    let without = try findings("1\n2", of: 0)
    #expect(without.map(\.verdict) == [.failure] && without[0].lines.joined().contains("add a line for it"))
    let none = RosterCheck(
      members: .success(Members(roster: Roster(MemberSet(0...2)), origin: .standard)), path: "/etc/mcast-peer/roster")
    #expect(none.findings(of: 0) == [.ok("roster", "none at /etc/mcast-peer/roster")])
  }

  @Test("a roster with a fault is a failure, and all other checks are made; a running peer is asked all the same")
  func fault() async throws {
    let (group, files) = (LoopbackGroup(), TemporaryDirectory())
    let peer = try await group.startListener(0)
    let roster = files.write("0\n0\n", to: "roster")
    let doctor = try PeerProcess(
      ["doctor", "-I", "lo", "-g", "\(group.address)", "--roster", roster, "--wait", "0.2"], home: group.home,
      secret: Vectors.shared.secret)
    #expect(try await doctor.exitCode() == 1)
    let findings = try doctor.findings
    #expect(
      findings.contains { $0.hasPrefix("failure  roster") && $0.contains("member 0 is there twice") }, "\(findings)")
    #expect(findings.contains { $0.hasPrefix("ok       self-test") }, "\(findings)")
    let status = try await group.ask(0, "--roster", roster)
    #expect(status.code == 1 && status.output.contains("member 0 in epoch 1"), "\(status)")
    _ = peer
  }
}
