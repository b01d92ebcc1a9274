import Foundation
import TestSupport
import Testing

@testable import mcast_peer

@Suite("mcast-peer status, listening")
struct StatusTests {
  private let group = LoopbackGroup()

  @Test("with every member of --peers up, the exit code is 0, and each has its figures")
  func complete() async throws {
    let peers = try (0...2).map { try group.start($0, "-i", "0.2") }
    for node in 0...2 { try await peers[node].waitUntilHeard((node + 1) % 3, count: 1) }
    let asText = try group.startStatus("--wait", "3", "--peers", "0-2")
    let json = try await group.startStatus("--wait", "3", "--peers", "0-2", "-o", "json").statusResult()
    #expect(json.code == 0 && json.errors == "", "\(json)")
    #expect(try await Project.validate(json.output, schema: "docs/status.schema.json") == ["document": 1])
    let report = try json.report
    #expect(report.peer == nil && report.group == "\(group.address)" && report.interfaces == ["lo"])
    #expect(report.members.map { Int($0.member.rawValue) } == [0, 1, 2] && report.isComplete)
    for member in report.members {
      #expect(
        member.state == .up && member.epoch == .first && "\(member.keyID, default: "")" == "9ab7-6d2d", "\(member)")
      #expect(member.received > 0 && member.rate > 0 && member.source != nil && member.isAwaited, "\(member)")
    }
    let text = try await asText.statusResult()
    #expect(text.code == 0, "\(text)")
    let lines = text.output.components(separatedBy: "\n")
    #expect(lines[0] == "\(group.address) on lo, WDM-NULL-SHA256, key ID 9ab7-6d2d")
    #expect(lines[1].hasPrefix("listened for 3.") && lines[2] == "3 of 3 members up", "\(text.output)")
    let words = lines[5].split(separator: " ").map(String.init)
    #expect(words.prefix(3) == ["0", "up", "1"] && words.suffix(3).prefix(2) == ["WDM-NULL-SHA256", "9ab7-6d2d"])
    _ = peers
  }

  @Test("a member that is silent, has another secret, encrypts, or is not there, is shown, and the exit code is 1")
  func absent() async throws {
    let options = ["--peers", "0-4", "-I", "lo", "-t", "0", "-g", "\(group.address)", "-i", "0.2"]
    let up = try PeerProcess(["0"] + options, home: group.home, secret: Vectors.shared.secret)
    let stranger = try PeerProcess(["1"] + options, secret: "quite another secret")
    let encrypting = try PeerProcess(["2", "--encrypt"] + options, home: group.home, secret: Vectors.shared.secret)
    for (node, peer) in [up, stranger, encrypting].enumerated() { try await peer.waitUntilReady(node: node) }
    // With a sanitizer, the start of a process and each of its messages take several times as long.
    let time = Sanitizer.isOn ? "60" : "15"
    let status = try group.startStatus("--wait", time, "--peers", "0-4", "-o", "json", "-v")
    // The library logs it once it has joined.
    try await status.waitForError("receive buffer")
    let leaving = try PeerProcess(["3"] + options, home: group.home, secret: Vectors.shared.secret)
    // Long enough for its interval to be known.
    try await leaving.waitForLine("Node 3: Sent: \"Hello from node 3, message #14\"")
    leaving.signal(SIGTERM)
    let result = try await status.statusResult()
    #expect(result.code == 1)
    #expect(try await Project.validate(result.output, schema: "docs/status.schema.json") == ["document": 1])
    let rows = try result.report.members
    #expect(rows.map(\.state) == [.up, .rejected, .rejected, .silent, .notHeard], "\(result.output)")
    #expect(rows.map(\.reason) == [nil, .forged, .otherSuite, nil, nil])
    #expect(rows.map { $0.suite?.isEncrypted } == [false, nil, true, false, nil])
    #expect(
      result.errors.contains("member 1 do not authenticate") && result.errors.contains("member 2 sends encrypted"))
    _ = (up, stranger, encrypting)
  }

  @Test("without --peers, everybody who is heard is shown; the exit code is 1 if nobody is, or one is rejected")
  func open() async throws {
    let nobody = try await group.startStatus("--wait", "0.1").statusResult()
    #expect(nobody.code == 1 && nobody.output.hasSuffix("\nno member was heard\n"), "\(nobody)")
    let member = try PeerProcess(
      ["200", "--peers", "0-255", "-I", "lo", "-t", "0", "-g", "\(group.address)", "-i", "0.1"],
      secret: Vectors.shared.secret)
    try await member.waitUntilReady(node: 200)
    let heard = try await group.startStatus("--wait", "2", "-o", "json").statusResult()
    #expect(heard.code == 0, "\(heard)")
    #expect(try heard.report.members.map(\.state) == [.up] && heard.member(200)?.isAwaited == false)
    let stranger = try group.start(1, "-i", "0.1", "--encrypt")
    try await stranger.waitUntilReady(node: 1)
    let rejected = try await group.startStatus("--wait", "2", "-o", "json").statusResult()
    #expect(rejected.code == 1)
    #expect(try rejected.member(1)?.reason == .otherSuite && rejected.member(200)?.state == .up)
  }

  @Test("status makes no secret and no state, and names the command for a missing secret")
  func leavesNothing() async throws {
    let home = TemporaryDirectory()
    let options = ["status", "-I", "lo", "-t", "0", "-g", "\(group.address)", "--wait", "0.1"]
    let refused = try await PeerProcess(options, home: home).statusResult()
    #expect(refused.code == 78)
    #expect(refused.errors.contains("make one for a new group: mcast-peer secret new --write"), "\(refused)")
    let listener = try PeerProcess(options, home: home, secret: Vectors.shared.secret)
    #expect(try await listener.exitCode() == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: home.path) == [])
  }

  @Test(
    "invalid options are a usage error",
    arguments: [
      ["--of", "256"], ["--of", "0", "--wait", "1"], ["--wait", "0"], ["-o", "raw"], ["0"], ["--listen"],
      ["--of", "0", "--state-dir", ""],
    ])
  func usage(arguments: [String]) async throws {
    let status = try PeerProcess(["status", "-I", "lo"] + arguments, secret: Vectors.shared.secret)
    #expect(try await status.exitCode() == 64)
    #expect(try status.errors.contains("mcast-peer status --help") && status.output == "")
  }
}
