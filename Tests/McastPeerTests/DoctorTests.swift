import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS
@testable import mcast_peer

@Suite("mcast-peer doctor", .enabled(if: Namespace.isAvailable, "needs a network namespace"))
struct DoctorTests {
  private static let group = "239.255.9.9:12345"

  /// Two hosts on one cable, of which the first has the doctor.
  private struct Pair {
    let here, there: Namespace
    let home = TemporaryDirectory()

    init() throws {
      (here, there) = (try Namespace(), try Namespace())
      try here.connect("eth0", "192.0.2.1/24", to: there, "192.0.2.7/24")
      for host in [here, there] { try host.run("ip route add default dev eth0") }
    }

    func node(_ number: Int, secret: String = Vectors.shared.secret, _ more: String...) throws -> PeerProcess {
      try PeerProcess(
        ["\(number)", "-g", DoctorTests.group, "-i", "0.2"] + more, secret: secret, namespace: there)
    }

    /// Runs the doctor to its end, and gives the lines that are no ok; all of them must be as the schema says.
    func doctor(
      _ more: [String] = [], secret: String? = Vectors.shared.secret, environment: [String: String] = [:], code: Int32
    ) async throws -> [String] {
      let doctor = try PeerProcess(
        ["doctor", "-g", DoctorTests.group, "--wait", "1", "-o", "json"] + more, home: home, secret: secret,
        namespace: here, environment: environment)
      let (ended, output) = (try await doctor.exitCode(), try doctor.output)
      #expect(ended == code, "\(output)")
      #expect(try doctor.errors == "")
      let counts = try await Project.validate(doctor.output, schema: "docs/doctor.schema.json")
      #expect((counts["failure"] ?? 0 > 0) == (code == 1))
      return try doctor.lines.compactMap { line in
        guard let json = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String],
          let verdict = json["verdict"], verdict != "ok"
        else { return nil }
        return "\(verdict) \(json["check"] ?? ""): \(json["finding"] ?? ""): \(json["advice"] ?? "")"
      }
    }
  }

  private func has(_ lines: [String], _ start: String, _ text: String) -> Bool {
    lines.contains { $0.hasPrefix(start) && $0.contains(text) }
  }

  @Test("where all is well it finds nothing, names who is heard, and leaves nothing behind", arguments: [false, true])
  func healthy(isEncrypted: Bool) async throws {
    let pair = try Pair()
    let suite = isEncrypted ? ["--encrypt"] : []
    let node = try PeerProcess(
      ["1", "-g", Self.group, "-i", "0.2", "--new-node"] + suite, secret: Vectors.shared.secret, namespace: pair.there)
    try await node.waitForError("peers 0-2")
    #expect(try await pair.doctor(suite, code: 0) == [])
    let doctor = try PeerProcess(
      ["doctor", "-g", Self.group, "--wait", "1"] + suite, home: pair.home, secret: Vectors.shared.secret,
      namespace: pair.here)
    #expect(try await doctor.exitCode() == 0)
    let lines = try doctor.lines
    #expect(
      lines.contains { $0.hasPrefix("ok       members    heard node 1 (epoch 1, key ID 9ab7-6d2d, from 192.0.2.7:") })
    #expect(lines.contains { $0.hasPrefix("ok       interface  eth0 (used) up, multicast, 192.0.2.1") })
    #expect(lines.contains("ok       IGMP       version 3 on eth0"))
    #expect(
      lines.contains {
        $0.hasPrefix(
          "ok       library    PSK-CHACHA20-POLY1305: wolfSSL seals and opens a record, alone and with libcrypto")
      })
    #expect(try FileManager.default.contentsOfDirectory(atPath: pair.home.path) == [])
    // And disturbs nobody: what it sends stays on its machine.
    node.signal(SIGUSR1)
    try await node.waitForError("dropped by the kernel")
    #expect(try node.errors.contains("foreign 0, malformed 0"))
  }

  @Test("a variable that is no setting is named, without its value; those that are, too")
  func settings() async throws {
    let pair = try Pair()
    let environment = ["MCAST_PEER_GRUOP": "swordfish", "MCAST_PEER_TTL": "2", "MCAST_PEER_ENCRYPT": ""]
    let lines = try await pair.doctor(environment: environment, code: 0)
    #expect(
      has(lines, "warning settings: MCAST_PEER_GRUOP in the environment is no setting", "correct its name"), "\(lines)")
    #expect(!lines.contains { $0.contains("swordfish") || $0.contains("TTL in") })
    let doctor = try PeerProcess(
      ["doctor", "--wait", "0.1"], secret: Vectors.shared.secret, namespace: pair.here, environment: environment)
    #expect(try await doctor.exitCode() == 0)
    #expect(try doctor.lines.contains("ok       settings   in the environment: MCAST_PEER_TTL"))
    #expect(try !doctor.output.contains("swordfish"))
  }

  @Test("what only concerns other machines is not told of loopback, and what cannot be checked is said")
  func loopback() async throws {
    let alone = try Namespace()
    func doctor(_ more: String..., secret: String? = Vectors.shared.secret) async throws -> String {
      let doctor = try PeerProcess(["doctor", "--wait", "0.2"] + more, secret: secret, namespace: alone)
      _ = try await doctor.exitCode()
      return try doctor.output
    }
    let output = try await doctor("-I", "lo", "-t", "0")
    #expect(!output.contains("TTL") && !output.contains("failure"), "\(output)")
    #expect(
      output.contains(
        "warning  members    nobody was heard on lo in 0.2 s: likely, no other member runs on this machine, which"))
    #expect(
      try await doctor(secret: nil).contains(
        "warning  members    nobody can be heard without a secret: see the secret"))
    #expect(
      try await doctor("-g", "[ff15::1]:12345").contains(
        "table local\nwarning  members    the group cannot be listened to: mend the failures above"))
    try alone.run("ip link set lo down")
    #expect(
      try await doctor().contains(
        "self-test  cannot send to 239.255.0.1:12345 on lo: Network is unreachable: see the interfaces"))
    try alone.run("ip link add eth0 type veth peer name eth1")
    try alone.run("ip link set eth0 up")
    #expect(try await doctor().contains("give eth0 an address: ip addr add ADDRESS/BITS dev eth0"))
    try alone.run("ip addr add 192.0.2.1/24 dev eth0")
    try alone.run("ip link set eth1 up")
    #expect(
      try await doctor("-I", "eth0", "-g", "232.1.1.1", "-t", "0").matches(of: /warning  (TTL|route)/).count == 2)
  }

  @Test("another secret elsewhere")
  func otherSecret() async throws {
    let pair = try Pair()
    let node = try pair.node(1, secret: "quite another secret")
    try await node.waitForError("peers 0-2")
    let lines = try await pair.doctor(code: 1)
    #expect(
      has(lines, "failure members: records from 192.0.2.7:", "as node 1 do not authenticate: another secret"),
      "\(lines)")
  }

  @Test("another secret at one member is a failure also where another is heard, and a warning of a stranger")
  func otherSecretOfOne() async throws {
    let pair = try Pair()
    let nodes = [try pair.node(0), try pair.node(1, secret: "quite another secret")]
    for node in nodes { try await node.waitForError("peers 0-2") }
    let lines = try await pair.doctor(code: 1)
    #expect(has(lines, "failure members: records from 192.0.2.7:", "as node 1 do not authenticate"), "\(lines)")
    let others = try await pair.doctor(["--peers", "0,2"], code: 0)
    #expect(has(others, "warning members: records from 192.0.2.7:", "as node 1 do not authenticate"), "\(others)")
  }

  @Test("encryption elsewhere, and none here")
  func otherSuite() async throws {
    let pair = try Pair()
    let node = try pair.node(1, "--encrypt", "--new-node")
    try await node.waitForError("peers 0-2")
    let lines = try await pair.doctor(code: 1)
    #expect(has(lines, "failure members: node 1 sends encrypted records", "start this one with --encrypt"), "\(lines)")
  }

  @Test("an interface that is down, and one that is not there")
  func down() async throws {
    let pair = try Pair()
    try pair.here.run("ip link set eth0 down")
    let lines = try await pair.doctor(["-I", "eth0"], code: 1)
    #expect(has(lines, "failure interface: eth0 (used) is down", "ip link set eth0 up"), "\(lines)")
    #expect(has(lines, "warning members: nobody was heard on eth0", "mend the failures above"), "\(lines)")
    let others = try await pair.doctor(["-I", "eth7"], code: 1)
    #expect(has(others, "failure interface: there is no interface 'eth7'", "use one of lo"), "\(others)")
  }

  @Test("no carrier")
  func carrier() async throws {
    let pair = try Pair()
    try pair.there.run("ip link set eth0 down")
    let lines = try await pair.doctor(["-I", "eth0"], code: 1)
    #expect(has(lines, "failure interface: eth0 (used) is up and has no carrier", "cable"), "\(lines)")
  }

  @Test("no route")
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

  @Test("a secret that is open to others, one that is short, and none")
  func secret() async throws {
    let pair = try Pair()
    let open = pair.home.write("a secret that all can read\n", to: "open", mode: 0o644)
    let lines = try await pair.doctor(["-k", open], secret: nil, code: 1)
    #expect(has(lines, "failure secret: others may use the secret file", "chmod 600"), "\(lines)")
    let short = pair.home.write("short\n", to: "short", mode: 0o600)
    #expect(has(try await pair.doctor(["-k", short], secret: nil, code: 0), "warning secret", "can hope to guess it"))
    #expect(has(try await pair.doctor(secret: nil, code: 0), "warning secret: there is none yet", "secret new --write"))
    let missing = try await pair.doctor(["-k", "/nowhere/secret"], secret: nil, code: 1)
    #expect(has(missing, "failure secret: cannot open the secret file /nowhere/secret", "make one"), "\(missing)")
    // Nor did looking make one.
    #expect(try FileManager.default.contentsOfDirectory(atPath: pair.home.path).sorted() == ["open", "short"])
  }

  @Test("a state that cannot be written, also for root")
  func state() async throws {
    let pair = try Pair()
    let file = pair.home.write("", to: "file")
    for path in [file, "\(file)/below", "/proc/mcast-peer"] {
      let lines = try await pair.doctor(["--state-dir", path], code: 1)
      #expect(
        has(lines, "failure state: nothing can be written in the state directory \(path)", "--state-dir"), "\(lines)")
    }
  }

  private static let table = "nft add table inet t"

  @Test("a firewall that drops the group, one that drops it from others alone, and one that lets nothing out")
  func firewall() async throws {
    let pair = try Pair()
    try #require((try? pair.here.run(Self.table)) != nil, "nft is missing: scripts/setup test")
    try pair.here.run("nft add chain inet t i { type filter hook input priority 0 ; }")
    try pair.here.run("nft add rule inet t i udp dport 12345 drop")
    let all = try await pair.doctor(code: 1)
    #expect(
      has(all, "failure self-test: what is sent to 239.255.9.9:12345 on eth0 is not heard", "a firewall drops it"),
      "\(all)")

    try pair.here.run("nft flush chain inet t i")
    try pair.here.run("nft add rule inet t i ip saddr 192.0.2.7 udp dport 12345 drop")
    let node = try pair.node(1)
    try await node.waitForError("peers 0-2")
    let others = try await pair.doctor(code: 1)
    #expect(!others.contains { $0.contains("self-test") })
    #expect(
      has(
        others, "failure members: ", "came in by eth0 in 1 s, and none reached the socket: a firewall of this machine"),
      "\(others)")

    try pair.here.run("nft flush chain inet t i")
    try pair.here.run("nft add chain inet t o { type filter hook output priority 0 ; }")
    try pair.here.run("nft add rule inet t o udp dport 12345 drop")
    let out = try await pair.doctor(code: 1)
    #expect(
      has(
        out, "failure self-test: sending to 239.255.9.9:12345 on eth0 is forbidden, by a firewall", "nft list ruleset"),
      "\(out)")
  }

  @Test("the likely causes come in an order that fits what is known")
  func causes() {
    var facts = LikelyCauses.Facts(group: .standard, interface: "eth0", keyIDs: ["9ab7-6d2d"], ttl: 1)
    func order(_ words: String...) -> Bool {
      let causes = LikelyCauses(facts: facts).causes
      let places = words.map { word in causes.firstIndex { $0.contains(word) } ?? -1 }
      return !places.contains(-1) && places == places.sorted() && causes.count >= words.count
    }
    #expect(order("another secret", "TTL", "firewall here", "firewall there", "querier", "Docker", "Wi-Fi"))
    facts.arrived = 0
    #expect(order("another secret", "TTL", "firewall there", "querier"))
    #expect(!LikelyCauses(facts: facts).causes.contains { $0.contains("firewall here") })
    facts.isWireless = true
    #expect(order("Wi-Fi", "another secret"))
    facts.isContainer = true
    #expect(order("container", "Wi-Fi", "another secret"))
    facts.arrived = 3
    #expect(LikelyCauses(facts: facts).causes.count == 1 && order("firewall of this machine"))
    facts.received = 3
    #expect(order("another program sends", "another secret"))
    facts.received = 0
    facts.interface = "lo"
    facts.arrived = nil
    #expect(LikelyCauses(facts: facts).causes.count == 1 && order("loopback reaches"))
  }

  @Test("IGMP and rp_filter are told of where they matter")
  func kernel() {
    func findings(
      _ version: String?, _ filter: Int?, isIPv4: Bool = true, sources: Bool = false, others: Bool = false
    ) -> [String] {
      KernelSettings("eth0", version: version, reversePathFilter: filter)
        .findings(isIPv4: isIPv4, needsSources: sources, hasOtherInterfaces: others)
        .map { "\($0.verdict.rawValue) \($0.check)" }
    }
    #expect(findings("V3", 1) == ["ok IGMP", "ok rp_filter"])
    #expect(findings("V2", 1, others: true) == ["ok IGMP", "warning rp_filter"])
    #expect(findings("V2", 2, sources: true, others: true) == ["warning IGMP", "ok rp_filter"])
    #expect(findings("V3", 0, sources: true) == ["ok IGMP", "ok rp_filter"])
    #expect(findings("V2", 1, isIPv4: false, sources: true, others: true) == [])
    #expect(findings(nil, nil) == [])
  }

  @Test("bad options are refused", arguments: [["3"], ["-o", "raw"], ["--wait", "never"], ["--listen"]])
  func usage(arguments: [String]) async throws {
    let doctor = try PeerProcess(["doctor", "-I", "lo"] + arguments, secret: Vectors.shared.secret)
    #expect(try await doctor.exitCode() == 64)
    #expect(try doctor.errors.contains("mcast-peer doctor --help"))
    #expect(try doctor.output == "")
  }
}
