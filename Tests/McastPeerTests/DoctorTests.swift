import CommonSupport
import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS
@testable import mcast_peer

@Suite("mcast-peer doctor", .enabled(if: Namespace.isAvailable, "needs a network namespace"))
struct DoctorTests {
  private static let group = "239.255.9.9:12345"

  /// Two hosts on one cable. The first runs doctor.
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

    /// Runs doctor to its end, and returns its findings that are not ok. All lines must match the schema.
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

  @Test(
    "on a healthy network, doctor finds no fault, names the heard members, and leaves nothing behind",
    arguments: [false, true])
  func healthy(isEncrypted: Bool) async throws {
    let pair = try Pair()
    let suite = isEncrypted ? ["--encrypt"] : []
    let node = try PeerProcess(
      ["1", "-g", Self.group, "-i", "0.2", "--new-node"] + suite, secret: Vectors.shared.secret, namespace: pair.there)
    try await node.waitForError("peers 0-2")
    #expect(try await pair.doctor(suite + ["--peers", "1"], code: 0) == [])
    let doctor = try PeerProcess(
      ["doctor", "-g", Self.group, "--wait", "1"] + suite, home: pair.home, secret: Vectors.shared.secret,
      namespace: pair.here)
    #expect(try await doctor.exitCode() == 0)
    let lines = try doctor.findings
    #expect(
      lines.contains { $0.hasPrefix("ok       members    heard member 1 (epoch 1, key ID 9ab7-6d2d, from 192.0.2.7:") })
    #expect(lines.contains { $0.hasPrefix("ok       interface  eth0 (used) up, multicast, 192.0.2.1") })
    #expect(lines.contains("ok       IGMP       version 3 on eth0"))
    #expect(
      lines.contains {
        $0.hasPrefix(
          "ok       library    PSK-CHACHA20-POLY1305: wolfSSL seals and opens a record, alone and with libcrypto")
      })
    #expect(try FileManager.default.contentsOfDirectory(atPath: pair.home.path) == [])
    // Its self-test does not leave the machine.
    node.signal(SIGUSR1)
    try await node.waitForError("dropped by the kernel")
    #expect(try node.errors.contains("foreign 0, malformed 0"))
  }

  @Test("a peer counts doctor's self-test on its machine as own, and the same datagram from elsewhere as foreign")
  func besideAPeer() async throws {
    let pair = try Pair()
    let peer = try PeerProcess(
      ["0", "-g", Self.group, "-i", "0.2", "-o", "json"], secret: Vectors.shared.secret, namespace: pair.here)
    try await peer.waitForError("peers 0-2")
    for _ in 0..<2 { _ = try await pair.doctor(code: 0) }
    try await eventually("the self-tests") { try peer.output.contains("\"reason\":\"own\",\"count\"") }
    #expect(try !peer.output.contains("foreign"))
    // Any sender can imitate the self-test.
    let stranger = try PeerProcess(
      [], namespace: pair.there,
      shell: "exec bash -c 'printf \"mcast-peer doctor 123\" >/dev/udp/239.255.9.9/12345'")
    #expect(try await stranger.exitCode() == 0)
    try await eventually("a stranger") { try peer.output.contains("\"reason\":\"foreign\",\"count\":1") }
    peer.signal(SIGUSR1)
    try await peer.waitForError("foreign 1, malformed 0")
  }

  /// A user other than root, whose home directory is in the passwd file of its mount namespace.
  private struct User {
    static let id = 4711
    let files = TemporaryDirectory()
    var home: String { "\(files.path)/home" }

    init() throws {
      try FileManager.default.createDirectory(atPath: "\(home)/.config/mcast-peer", withIntermediateDirectories: true)
      files.write("the secret of a user\n", to: "home/.config/mcast-peer/secret")
      files.write("another secret of that user\n", to: "home/other")
      files.write("a secret of root's alone\n", to: "roots")
      let known = try String(contentsOfFile: "/etc/passwd", encoding: .utf8)
      files.write("\(known)tester:x:\(Self.id):\(Self.id)::\(home):/bin/sh\n", to: "passwd", mode: 0o644)
      chmod(files.path, 0o755)
      for path in try [""] + FileManager.default.subpathsOfDirectory(atPath: home) {
        #expect(chown("\(home)/\(path)", uid_t(Self.id), gid_t(Self.id)) == 0)
      }
    }

    /// The owners of all files in the home directory.
    var owners: [String: Int] {
      get throws {
        try FileManager.default.subpathsOfDirectory(atPath: home).reduce(into: [:]) { owners, path in
          let attributes = try FileManager.default.attributesOfItem(atPath: "\(home)/\(path)")
          owners[path] = attributes[.ownerAccountID] as? Int
        }
      }
    }

    /// Runs doctor with the environment of sudo. Returns its exit code and findings.
    func doctor(
      _ arguments: String, in namespace: Namespace, environment: [String: String] = [:]
    ) async throws -> (code: Int32, lines: [String]) {
      let sudo = [
        "SUDO_UID": "\(Self.id)", "SUDO_GID": "\(Self.id)", "SUDO_USER": "tester",
        "SUDO_COMMAND": "/usr/bin/mcast-peer doctor",
      ]
      let doctor = try PeerProcess(
        [], namespace: namespace, environment: sudo.merging(environment) { $1 },
        shell: """
          exec unshare --mount sh -c 'mount --bind \(files.path)/passwd /etc/passwd && exec "$0" "$@"' \
            "$0" doctor -I lo -t 0 --wait 0.1 \(arguments)
          """)
      return (try await doctor.exitCode(), try doctor.findings)
    }
  }

  @Test(
    "under sudo, doctor checks the calling user's files with that user's rights, and leaves nothing behind",
    .enabled(if: getuid() == 0, "needs root"))
  func sudo() async throws {
    let (host, user) = (try Namespace(), try User())
    let before = try user.owners
    let own = try await user.doctor("", in: host)
    #expect(own.code == 0, "\(own.lines)")
    #expect(has(own.lines, "ok       settings   called by sudo", "user tester (uid 4711)"), "\(own.lines)")
    #expect(has(own.lines, "ok       secret     from \(user.home)/.config/mcast-peer/secret, mode 0600", "key ID"))
    #expect(has(own.lines, "ok       state      \(user.home)/.local/state/mcast-peer will be made", "needed"))
    let named = try await user.doctor("-k \(user.home)/other --state-dir \(user.home)", in: host)
    #expect(
      named.code == 0 && has(named.lines, "ok       secret     from \(user.home)/other", "key ID"), "\(named.lines)")
    #expect(has(named.lines, "ok       state      \(user.home) can be written", "ok"))
    #expect(try user.owners == before)
    // Environment variables count, as for the user's peer.
    let set = try await user.doctor("", in: host, environment: ["XDG_CONFIG_HOME": "/nowhere"])
    #expect(
      has(set.lines, "warning  secret     no secret yet at /nowhere/mcast-peer/secret", "secret new --write"),
      "\(set.lines)")
  }

  @Test("under sudo, doctor tells root's files from the calling user's", .enabled(if: getuid() == 0, "needs root"))
  func sudoAndRoot() async throws {
    let (host, user) = (try Namespace(), try User())
    let roots = try await user.doctor("-k \(user.files.path)/roots", in: host)
    #expect(has(roots.lines, "ok       secret     from \(user.files.path)/roots", "key ID"), "\(roots.lines)")
    #expect(
      has(roots.lines, "warning  secret     root can use it, but a peer of user tester cannot", "Permission denied"))
    // A start by sudo has left files of root in the user's home.
    try FileManager.default.createDirectory(
      atPath: "\(user.home)/.local/state/mcast-peer", withIntermediateDirectories: true)
    for path in [".local", ".local/state", ".local/state/mcast-peer"] {
      #expect(chown("\(user.home)/\(path)", uid_t(User.id), gid_t(User.id)) == 0)
    }
    user.files.write("", to: "home/.local/state/mcast-peer/9ab7-6d2d-0.lock")
    let left = try await user.doctor("", in: host)
    #expect(
      left.code == 1 && has(left.lines, "failure  state", "sudo chown 4711 '\(user.home)/.local"), "\(left.lines)")
    // In a root shell, peers belong to root.
    let shell = try await user.doctor("", in: host, environment: ["SUDO_COMMAND": "/bin/bash"])
    #expect(!has(shell.lines, "ok       settings   called by sudo", "tester"))
    #expect(!shell.lines.contains { $0.contains(user.home) }, "\(shell.lines)")
  }

  @Test(
    "a member not heard is a failure if --peers names it, a warning by default, and not reported for 0-255"
  )
  func missing() async throws {
    let pair = try Pair()
    let node = try pair.node(1)
    try await node.waitForError("peers 0-2")
    let all = try await pair.doctor(code: 0)
    #expect(
      all.count == 1
        && has(all, "warning members: no message from members 0,2 (in the default --peers 0-2) in 1 s", "--peers"),
      "\(all)")
    let named = try await pair.doctor(["--peers", "0-1"], code: 1)
    #expect(
      named.count == 1
        && has(named, "failure members: no message from member 0 (in --peers) in 1 s", "check that it runs"),
      "\(named)")
    #expect(try await pair.doctor(["--peers", "0-255"], code: 0) == [])
    // This machine's own member, if the settings name it, need not be heard.
    let own = try await pair.doctor(
      ["--peers", "0-1"], environment: ["MCAST_PEER_NODE_ID": "0", "MCAST_PEER_PEERS": "0-9"], code: 0)
    #expect(own == [])
    // No member at all is a failure if --peers names them, and the causes are a warning.
    node.signal(SIGTERM)
    #expect(try await node.exitCode() == 0)
    let nobody = try await pair.doctor(["--peers", "0-2"], code: 1)
    #expect(
      has(nobody, "warning members: nobody was heard on eth0", "likely")
        && has(nobody, "failure members: no message from members 0-2 (in --peers)", "check that they run"), "\(nobody)")
    #expect(
      has(
        try await pair.doctor(code: 0), "warning members: no message from members 0-2 (in the default --peers 0-2)",
        "--peers"))
  }

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

  @Test("doctor names known and unknown settings of the environment, without the values of unknown ones")
  func settings() async throws {
    let pair = try Pair()
    let environment = ["MCAST_PEER_GRUOP": "swordfish", "MCAST_PEER_TTL": "2", "MCAST_PEER_ENCRYPT": ""]
    let lines = try await pair.doctor(environment: environment, code: 0)
    #expect(
      has(
        lines, "warning settings: unknown setting MCAST_PEER_GRUOP (did you mean MCAST_PEER_GROUP?)",
        "correct its name"), "\(lines)")
    #expect(!lines.contains { $0.contains("swordfish") || $0.contains("TTL in") })
    let doctor = try PeerProcess(
      ["doctor", "--wait", "0.1"], secret: Vectors.shared.secret, namespace: pair.here, environment: environment)
    #expect(try await doctor.exitCode() == 0)
    #expect(try doctor.findings.contains("ok       settings   in the environment: MCAST_PEER_TTL"))
    #expect(try !doctor.output.contains("swordfish"))
  }

  @Test("on loopback, doctor has no findings on other machines, and it reports each check that it cannot run")
  func loopback() async throws {
    let alone = try Namespace()
    func doctor(_ more: String..., secret: String? = Vectors.shared.secret) async throws -> String {
      let doctor = try PeerProcess(["doctor", "--wait", "0.2"] + more, secret: secret, namespace: alone)
      _ = try await doctor.exitCode()
      return try doctor.findings.joined(separator: "\n")
    }
    let output = try await doctor("-I", "lo", "-t", "0")
    #expect(!output.contains("TTL") && !output.contains("failure"), "\(output)")
    #expect(
      output.contains(
        "warning  members    nobody was heard on lo in 0.2 s likely cause: 1. no other member of 239.255.0.1:12345 runs"
      ))
    #expect(
      try await doctor(secret: nil).contains(
        "warning  members    cannot listen without a secret see the secret"))
    #expect(
      try await doctor("-g", "[ff15::1]:12345").contains(
        "table local\nwarning  members    cannot listen to the group correct the failures above"))
    try alone.run("ip link set lo down")
    #expect(
      try await doctor().contains(
        "self-test  cannot send to 239.255.0.1:12345 on lo: Network is unreachable see the interfaces"))
    try alone.run("ip link add eth0 type veth peer name eth1")
    try alone.run("ip link set eth0 up")
    #expect(try await doctor().contains("give eth0 an address: ip addr add ADDRESS/BITS dev eth0"))
    try alone.run("ip addr add 192.0.2.1/24 dev eth0")
    try alone.run("ip link set eth1 up")
    #expect(
      try await doctor("-I", "eth0", "-g", "232.1.1.1", "-t", "0").matches(of: /warning  (TTL|route)/).count == 2)
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

  private static let table = "nft add table inet t"

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

  @Test("the likely causes are in an order that fits the facts")
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
    // Datagrams of members that are not followed, or of this machine.
    facts.received = 3
    #expect(order("another secret", "TTL") && !order("another program sends"))
    facts.strange = 1
    #expect(order("another program sends", "another secret") && order("(1 datagram,"))
    facts.strange = 3
    #expect(order("another program sends", "another secret") && order("(3 datagrams,"))
    facts.others = ["wlan 0", "eth0"]
    facts.interface = "tun0"
    #expect(
      order(
        "another program sends", "no other member", "up are wlan 0, eth0, as in --interface 'wlan 0'", "another secret")
    )
    facts.isDoubtful = true
    #expect(order("another program sends", "up are wlan 0", "no other member", "another secret"))
    (facts.received, facts.strange) = (0, 0)
    facts.interface = "lo"
    facts.arrived = nil
    #expect(LikelyCauses(facts: facts).causes.count == 1 && order("loopback reaches"))
    #expect(order("up are wlan 0, eth0"))
  }

  @Test("text has at most 80 columns, one cause a line, and unbroken commands")
  func columns() {
    let facts = LikelyCauses.Facts(
      group: .standard, interface: "wlp0s20f3", keyIDs: ["9ab7-6d2d", "2b16-9422"], ttl: 1, strange: 1234,
      isWireless: true, isContainer: true, others: ["enp1s0f0", "docker0", "br-1a2b3c4d5e6f"], isDoubtful: true)
    let causes = LikelyCauses(facts: facts).causes
    let lines = Finding(
      verdict: .warning, check: "members", text: "nobody was heard on wlp0s20f3 in 5 s", remedy: .causes(causes)
    ).lines
    #expect(lines.allSatisfy { $0.count <= 80 }, "\(lines)")
    #expect(lines[0] == "warning  members    nobody was heard on wlp0s20f3 in 5 s")
    #expect(lines[1] == "         likely causes, in this order:")
    #expect(
      lines.compactMap { $0.firstMatch(of: /^ {9}(\d+)\. [^ ]/)?.output.1 }.map(String.init)
        == causes.indices.map { "\($0 + 1)" })
    // A continuation is indented below its cause.
    #expect(
      lines.dropFirst(2).allSatisfy {
        $0.hasPrefix("         ") && ($0.dropFirst(9).first?.isNumber == true || $0.hasPrefix("            "))
      })

    let long = String(repeating: "word ", count: 60) + String(repeating: "x", count: 90)
    let command = "ip route add 239.255.9.9/32 dev " + String(repeating: "e", count: 60)
    let folded = Finding.failure("rp_filter", long, "do this", command: command)
    #expect(
      folded.lines.filter { $0.count > 80 }.map { $0.filter { $0 != " " }.count } == [
        90, command.filter { $0 != " " }.count,
      ])
    #expect(folded.lines.suffix(2) == ["         do this:", "           \(command)"])
    #expect(folded.lines.dropFirst().dropLast(2).allSatisfy { $0.hasPrefix(String(repeating: " ", count: 20)) })
    #expect(folded.advice == "do this: \(command)")
    #expect(Finding.ok("route", "fine").lines == ["ok       route      fine"])
  }

  @Test("doctor reports IGMP and rp_filter only if they matter")
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

  @Test("an advised command can be pasted, with any interface name")
  func commands() {
    func advice(_ name: String) -> [String] {
      KernelSettings(name, version: "V2", reversePathFilter: 1)
        .findings(isIPv4: true, needsSources: true, hasOtherInterfaces: true).compactMap(\.advice)
    }
    #expect(advice("eth0").map { $0.contains("sysctl net.ipv4.conf.eth0.") } == [true, true])
    #expect(advice("eth0.100")[0].hasSuffix(": sysctl net/ipv4/conf/eth0.100/force_igmp_version=0"))
    #expect(advice("eth0.100")[1].hasSuffix(": sysctl net/ipv4/conf/eth0.100/rp_filter=2"))
    #expect(advice("a;b")[1].hasSuffix(": sysctl 'net.ipv4.conf.a;b.rp_filter=2'"))
    let forced = KernelSettings("eth0", version: "V2", reversePathFilter: nil, isVersionForcedForAll: true)
    let advised = forced.findings(isIPv4: true, needsSources: true, hasOtherInterfaces: false).compactMap(\.advice)
    #expect(advised.map { $0.hasSuffix(": sysctl net.ipv4.conf.all.force_igmp_version=0") } == [true])
    #expect(shellWord("it's") == "'it'\\''s'" && shellWord("") == "''" && shellWord("br-0a1b") == "br-0a1b")
  }

  @Test("invalid options are a usage error", arguments: [["3"], ["-o", "raw"], ["--wait", "never"], ["--listen"]])
  func usage(arguments: [String]) async throws {
    let doctor = try PeerProcess(["doctor", "-I", "lo"] + arguments, secret: Vectors.shared.secret)
    #expect(try await doctor.exitCode() == 64)
    #expect(try doctor.errors.contains("mcast-peer doctor --help"))
    #expect(try doctor.output == "")
  }
}
