import CommonSupport
import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS
@testable import mcast_peer

@Suite("mcast-peer doctor", .enabled(if: Namespace.isAvailable, "needs a network namespace"))
struct DoctorTests {
  static let group = "239.255.9.9:12345"

  /// Two hosts on one cable. The first runs doctor.
  struct Pair {
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

  func has(_ lines: [String], _ start: String, _ text: String) -> Bool {
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
  struct User {
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
        "self-test  cannot send to 239.255.0.1:12345 on lo: Network is down see the interfaces"))
    try alone.run("ip link add eth0 type veth peer name eth1")
    try alone.run("ip link set eth0 up")
    #expect(try await doctor().contains("give eth0 an address: ip addr add ADDRESS/BITS dev eth0"))
    try alone.run("ip addr add 192.0.2.1/24 dev eth0")
    try alone.run("ip link set eth1 up")
    #expect(
      try await doctor("-I", "eth0", "-g", "232.1.1.1", "-t", "0").matches(of: /warning  (TTL|route)/).count == 2)
  }

  @Test("invalid options are a usage error", arguments: [["3"], ["-o", "raw"], ["--wait", "never"], ["--listen"]])
  func usage(arguments: [String]) async throws {
    let doctor = try PeerProcess(["doctor", "-I", "lo"] + arguments, secret: Vectors.shared.secret)
    #expect(try await doctor.exitCode() == 64)
    #expect(try doctor.errors.contains("mcast-peer doctor --help"))
    #expect(try doctor.output == "")
  }
}
