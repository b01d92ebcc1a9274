import CommonSupport
import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Secrets are handled like secrets")
struct SecrecyTests {
  private let group = LoopbackGroup()
  private let secret = GroupSecret.random().withBytes { String(decoding: $0, as: UTF8.self) }
  private let later = GroupSecret.random().withBytes { String(decoding: $0, as: UTF8.self) }

  /// What must not be found: each secret, half of it, and what follows from it but for the keys of the records.
  private func needles(_ secret: String, _ name: String) -> [String: [UInt8]] {
    let keys = IndependentKeys(secret: secret)
    return [
      "\(name)'s text": Array(secret.utf8), "\(name)'s first half": Array(secret.utf8.prefix(32)),
      "\(name)'s second half": Array(secret.utf8.suffix(32)), "\(name)'s pre-master secret": keys.preMasterSecret,
      "half of \(name)'s pre-master secret": Array(keys.preMasterSecret.prefix(24)),
      "the other half of \(name)'s pre-master secret": Array(keys.preMasterSecret.suffix(24)),
      "\(name)'s master secret": keys.masterSecret,
    ]
  }

  /// What of it is in a peer's memory. On a thread of its own: it computes for a while.
  private func found(_ needles: [String: [UInt8]], in peer: PeerProcess) async throws -> Set<String> {
    try await onThread { [process = peer.identifier] in try search(memoryOf: process, for: needles) }
  }

  /// What is started with a secret: a peer, what watches as a member or without being one, or the doctor while it listens.
  enum Role: CaseIterable {
    case peer, watchingPeer, watcher, doctor

    var arguments: [String] {
      switch self {
      case .peer: ["0", "-i", "0.05"]
      case .watchingPeer: ["watch", "0", "-i", "0.05"]
      case .watcher: ["watch"]
      case .doctor: ["doctor", "--wait", "600"]
      }
    }

    /// What its output has once it has heard node 1, or is about to.
    var sign: String {
      switch self {
      case .peer: "Received from peer 1"
      case .watchingPeer, .watcher: " node 1 up, "
      case .doctor: " self-test "
      }
    }

    var suites: [CipherSuite] { self == .peer ? CipherSuite.allCases : [.pskChaCha20Poly1305] }
    var isSending: Bool { [.peer, .watchingPeer].contains(self) }
  }

  @Test(
    "neither a secret's text nor its pre-master secret is in the memory of a running peer, nor of watch or doctor",
    .disabled(if: Sanitizer.isOn, "a sanitizer keeps what was freed, and maps terabytes"),
    arguments: Role.allCases.flatMap { role in
      role.suites.flatMap { suite in [(suite, true, role), (suite, false, role)] }
    })
  func memory(suite: CipherSuite, isInFile: Bool, role: Role) async throws {
    let file = RingFileOfNode(secret)
    let shared =
      ["-I", "lo", "-t", "0", "-g", "\(group.address)"] + (suite.isEncrypted ? ["--encrypt", "--new-node"] : [])
    let peer = try PeerProcess(
      role.arguments + shared + ["--allow-core-dumps"] + (isInFile ? ["-k", file.path] : []),
      home: group.home, secret: isInFile ? nil : secret)
    let other = try PeerProcess(["1", "-i", "0.05"] + shared, home: group.home, secret: secret)
    // It has opened, refused, and sealed by then.
    try Wire(group.address).send(IndependentRecord(member: 1, text: "forged").sealed(.mac(key: [1])))
    try await eventually("messages") {
      try peer.output.contains(role.sign) && (!role.isSending || other.shown(from: 0).count >= 3)
    }

    var needles = needles(secret, "the secret")
    // The search finds what is there.
    needles["the group"] = Array("\(group.address)".utf8)
    if case .mac(let key) = RecordKeys(secret: secret, suite) { needles["the record key"] = key }
    if case .aead(let key, _) = RecordKeys(secret: secret, suite) { needles["the record key"] = key }
    let first = try await found(needles, in: peer)
    #expect(first == ["the group", "the record key"])

    // A ring that is read again leaves nothing either, nor does a rotation.
    guard isInFile, role != .doctor else { return }
    try await file.rotate("add", later)
    try await peer.readRingAgain()
    try await file.rotate("promote")
    try await peer.readRingAgain()
    needles.merge(self.needles(later, "the later secret")) { $1 }
    #expect(try await found(needles, in: peer) == ["the group", "the record key"])
    _ = other
  }

  // Freed memory is used again bit by bit: of a long secret something is left for longer.
  @Test(
    "a long secret in the environment leaves no piece behind either",
    .disabled(if: Sanitizer.isOn, "a sanitizer keeps what was freed, and maps terabytes"))
  func longSecret() async throws {
    let pieces = (0..<16).map { _ in
      GroupSecret.random().withBytes { String(decoding: $0, as: UTF8.self) }.prefix(60)
    }
    let peer = try PeerProcess(
      ["0", "-I", "lo", "-t", "0", "-g", "\(group.address)", "--allow-core-dumps", "-m", "needle in a haystack"],
      home: group.home, secret: pieces.joined())
    try await peer.waitForLine("Node 0: Sent: \"needle in a haystack, message #1\"")
    var needles = ["the message": Array("needle in a haystack".utf8)]
    for (number, piece) in pieces.enumerated() {
      needles["piece \(number)"] = Array(piece.utf8.dropFirst(20).prefix(20))
    }
    #expect(try await found(needles, in: peer) == ["the message"])
  }

  @Test("the environment variable is gone once it was read, also for those who look from outside")
  func environment() async throws {
    let peer = try PeerProcess(
      ["0", "-I", "lo", "-t", "0", "-g", "\(group.address)", "--allow-core-dumps"], home: group.home, secret: secret)
    try await peer.waitUntilReady(node: 0)
    #expect(try peer.visible.contains("HOME=\(group.home.path)"))
    #expect(try !peer.visible.contains(secret.prefix(8)))
    // There is nothing to be read again, and that is said.
    peer.signal(SIGHUP)
    try await peer.waitForError("the key ring stays as it was")
    #expect(try peer.errors.contains("can read it once"))
    #expect(try !(peer.errors + peer.output).contains(secret.prefix(8)))
    let before = try peer.sent.count
    try await eventually("it to go on") { try peer.sent.count > before }
  }

  @Test(
    "no core dumps, and no look into its memory for others of the same user; --allow-core-dumps permits both",
    .disabled(if: Sanitizer.isOn, "a sanitizer sets the limit by itself"))
  func dumps() async throws {
    // As root, everybody's memory can be looked into: then as somebody else.
    let asNobody = getuid() == 0 ? "setpriv --reuid 65534 --regid 65534 --clear-groups" : ""
    let user = getuid() == 0 ? 65534 : Int(getuid())
    chown(group.home.path, uid_t(user), gid_t(user))
    for (options, core, owner) in [("", ["0", "0"], 0), ("--allow-core-dumps", ["4096", "4096"], user)] {
      let peer = try PeerProcess(
        [], home: group.home, secret: secret,
        shell: """
          ulimit -c 8
          exec \(asNobody) "$0" 0 -I lo -t 0 -g \(group.address) --state-dir \(group.home.path)/state \(options)
          """)
      try await peer.waitUntilReady(node: 0)
      #expect(try peer.limit("Max core file size") == core)
      // The kernel gives the files of a process that must not be dumped to root. Source: proc(5).
      let attributes = try FileManager.default.attributesOfItem(atPath: "/proc/\(peer.identifier)/mem")
      #expect(attributes[.ownerAccountID] as? Int == owner)
      peer.signal(SIGTERM)
      #expect(try await peer.exitCode() == 0)
    }
  }

  @Test("a crash ends it at once, and prints neither registers nor memory")
  func crash() async throws {
    for signal in [SIGSEGV, SIGILL, SIGABRT, SIGQUIT] {
      let peer = try PeerProcess(
        ["0", "-I", "lo", "-t", "0", "-g", "\(group.address)"], home: group.home, secret: secret,
        environment: ["SWIFT_BACKTRACE": "enable=yes,color=no"])
      try await peer.waitUntilReady(node: 0)
      let before = try peer.errors
      peer.signal(signal)
      #expect(try await peer.exitCode() == -signal)
      #expect(try peer.errors == before)
    }
  }
}
