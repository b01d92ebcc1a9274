import CommonSupport
import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS
@testable import mcast_peer

// MARK: - Failures

extension DoctorTests {
  @Test("another secret at several members is reported for each")
  func otherSecretOfSeveral() async throws {
    let pair = try Pair()
    let nodes = try (0...2).map { try pair.node($0, secret: "quite another secret") }
    for node in nodes { try await node.waitForError("peers 0-2") }
    let lines = try await pair.doctor(code: 1).filter { $0.contains("do not authenticate") }
    for node in 0...2 {
      #expect(
        lines.contains {
          $0.hasPrefix("failure members: records from 192.0.2.7:")
            && ($0.contains("as member \(node) do not") || $0.contains(/also members? [0-9,-]*/))
        }, "\(lines)")
    }
    #expect(!lines.contains { $0.contains("no message from") })
  }

  @Test("another secret at a member is a failure")
  func otherSecret() async throws {
    let pair = try Pair()
    let node = try pair.node(1, secret: "quite another secret")
    try await node.waitForError("peers 0-2")
    let lines = try await pair.doctor(code: 1)
    #expect(
      has(lines, "failure members: records from 192.0.2.7:", "as member 1 do not authenticate: another secret"),
      "\(lines)")
  }

  @Test("another secret is a failure for a member of --peers, also if another is heard, and a warning for others")
  func otherSecretOfOne() async throws {
    let pair = try Pair()
    let nodes = [try pair.node(0), try pair.node(1, secret: "quite another secret")]
    for node in nodes { try await node.waitForError("peers 0-2") }
    let lines = try await pair.doctor(code: 1)
    #expect(has(lines, "failure members: records from 192.0.2.7:", "as member 1 do not authenticate"), "\(lines)")
    let others = try await pair.doctor(["--peers", "0"], code: 0)
    #expect(has(others, "warning members: records from 192.0.2.7:", "as member 1 do not authenticate"), "\(others)")
  }

  @Test("a member that encrypts is a failure if this machine does not")
  func otherSuite() async throws {
    let pair = try Pair()
    let node = try pair.node(1, "--encrypt", "--new-node")
    try await node.waitForError("peers 0-2")
    let lines = try await pair.doctor(code: 1)
    #expect(
      has(lines, "failure members: member 1 sends encrypted records", "start this one with --encrypt"), "\(lines)")
  }

  @Test("an interface that is down or missing is a failure")
  func down() async throws {
    let pair = try Pair()
    try pair.here.run("ip link set eth0 down")
    let lines = try await pair.doctor(["-I", "eth0"], code: 1)
    #expect(has(lines, "failure interface: eth0 (used) is down", "ip link set eth0 up"), "\(lines)")
    #expect(has(lines, "warning members: nobody was heard on eth0", "correct the failures above"), "\(lines)")
    let others = try await pair.doctor(["-I", "eth7"], code: 1)
    #expect(has(others, "failure interface: there is no interface 'eth7'", "use one of lo"), "\(others)")
  }

  @Test("an interface without a carrier is a failure")
  func carrier() async throws {
    let pair = try Pair()
    try pair.there.run("ip link set eth0 down")
    // The kernel may take a moment to notice at this end.
    try await eventually("the carrier to go") { try pair.here.run("ip -o link show eth0").contains("NO-CARRIER") }
    let lines = try await pair.doctor(["-I", "eth0"], code: 1)
    #expect(has(lines, "failure interface: eth0 (used) is up and has no carrier", "cable"), "\(lines)")
  }

  @Test("a missing route is a failure with the command that adds it")
  func route() async throws {
    let pair = try Pair()
    try pair.here.run("ip route del default")
    let lines = try await pair.doctor(code: 1)
    #expect(
      has(lines, "failure route: the kernel has no route for 239.255.9.9:12345", "--interface eth0"), "\(lines)")
    #expect(has(lines, "failure route", "ip route add 239.255.9.9/32 dev eth0"))
    try pair.here.run("ip route add 239.255.9.9/32 dev eth0")
    #expect(has(try await pair.doctor(code: 0), "warning members: nobody", "another secret"))
  }

  @Test("a readable or unreadable secret is a failure, and a short or missing one a warning")
  func secret() async throws {
    let pair = try Pair()
    let open = pair.home.write("a secret that all can read\n", to: "open", mode: 0o644)
    let lines = try await pair.doctor(["-k", open], secret: nil, code: 1)
    #expect(has(lines, "failure secret: others may use the secret file", "chmod 600"), "\(lines)")
    let short = pair.home.write("short\n", to: "short", mode: 0o600)
    #expect(has(try await pair.doctor(["-k", short], secret: nil, code: 0), "warning secret", "may guess it"))
    #expect(has(try await pair.doctor(secret: nil, code: 0), "warning secret: no secret yet", "secret new --write"))
    let missing = try await pair.doctor(["-k", "/nowhere/secret"], secret: nil, code: 1)
    #expect(has(missing, "failure secret: cannot open the secret file /nowhere/secret", "make one"), "\(missing)")
    // The checks made no secret.
    #expect(try FileManager.default.contentsOfDirectory(atPath: pair.home.path).sorted() == ["open", "short"])
  }

  @Test("an unwritable state directory is a failure, also for root")
  func state() async throws {
    let pair = try Pair()
    let file = pair.home.write("", to: "file")
    for path in [file, "\(file)/below", "/proc/mcast-peer"] {
      let lines = try await pair.doctor(["--state-dir", path], code: 1)
      #expect(
        has(lines, "failure state: nothing can be written in the state directory \(path)", "--state-dir"), "\(lines)")
    }
  }

  static let table = "nft add table inet t"

  @Test("a firewall is found if it drops the group, drops it from others alone, or lets nothing out")
  func firewall() async throws {
    let pair = try Pair()
    try #require((try? pair.here.run(Self.table)) != nil, "nft is missing: scripts/setup test")
    try pair.here.run("nft add chain inet t i { type filter hook input priority 0 ; }")
    try pair.here.run("nft add rule inet t i udp dport 12345 drop")
    let all = try await pair.doctor(code: 1)
    #expect(
      has(
        all, "failure self-test: this machine does not hear its own message to 239.255.9.9:12345 on eth0",
        "a firewall drops it"),
      "\(all)")

    try pair.here.run("nft flush chain inet t i")
    try pair.here.run("nft add rule inet t i ip saddr 192.0.2.7 udp dport 12345 drop")
    let node = try pair.node(1)
    try await node.waitForError("peers 0-2")
    let others = try await pair.doctor(code: 1)
    #expect(!others.contains { $0.contains("self-test") })
    #expect(
      has(
        others, "failure members: ",
        "arrived on eth0 in 1 s, and none reached the socket: likely cause: a firewall of this machine"),
      "\(others)")

    try pair.here.run("nft flush chain inet t i")
    try pair.here.run("nft add chain inet t o { type filter hook output priority 0 ; }")
    try pair.here.run("nft add rule inet t o udp dport 12345 drop")
    let out = try await pair.doctor(code: 1)
    #expect(
      has(
        out, "failure self-test: a firewall forbids sending to 239.255.9.9:12345 on eth0", "nft list ruleset"),
      "\(out)")
  }
}
