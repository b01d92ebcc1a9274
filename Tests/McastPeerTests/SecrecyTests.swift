import CommonSupport
import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Secrecy of the secrets")
struct SecrecyTests {
  private let group = LoopbackGroup()
  private let secret = GroupSecret.random().withBytes { String(decoding: $0, as: UTF8.self) }
  private let later = GroupSecret.random().withBytes { String(decoding: $0, as: UTF8.self) }

  /// The bytes that must not be found: the secret, its halves, and all derived from it except the record keys.
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

  /// The names of the needles in a peer's memory. Runs on its own thread, since the search is slow.
  private func found(_ needles: [String: [UInt8]], in peer: PeerProcess) async throws -> Set<String> {
    try await onThread { [process = peer.identifier] in try search(memoryOf: process, for: needles) }
  }

  /// A process with a secret: a peer, a watcher with or without a member ID, or a listening doctor.
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

    /// A text in its output once it has heard member 1, or is about to.
    var sign: String {
      switch self {
      case .peer: "Received from peer 1"
      case .watchingPeer, .watcher: " member 1 up, "
      case .doctor: " self-test "
      }
    }

    var suites: [CipherSuite] { self == .peer ? CipherSuite.allCases : [.pskChaCha20Poly1305] }
    var isSending: Bool { [.peer, .watchingPeer].contains(self) }
  }

  @Test(
    "the memory of a peer, watch or doctor contains neither a secret's text nor its pre-master or master secret",
    .disabled(if: Sanitizer.isOn, "a sanitizer keeps what was freed, and maps terabytes"),
    arguments: Role.allCases.flatMap { role in
      role.suites.flatMap { suite in [(suite, true, role), (suite, false, role)] }
    })
  func memory(suite: CipherSuite, isInFile: Bool, role: Role) async throws {
    let file = RingFileOfMember(secret)
    let shared =
      ["-I", "lo", "-t", "0", "-g", "\(group.address)"] + (suite.isEncrypted ? ["--encrypt", "--new-node"] : [])
    let peer = try PeerProcess(
      role.arguments + shared + ["--allow-core-dumps"] + (isInFile ? ["-k", file.path] : []),
      home: group.home, secret: isInFile ? nil : secret)
    let other = try PeerProcess(["1", "-i", "0.05"] + shared, home: group.home, secret: secret)
    // By the end of this wait, the process has opened, rejected and sealed records.
    try Wire(group.address).send(IndependentRecord(member: 1, text: "forged").sealed(.mac(key: [1])))
    try await eventually("messages") {
      try peer.output.contains(role.sign) && (!role.isSending || other.shown(from: 0).count >= 3)
    }

    var needles = needles(secret, "the secret")
    // Two needles that must be found, as a check of the search.
    needles["the group"] = Array("\(group.address)".utf8)
    if case .mac(let key) = RecordKeys(secret: secret, suite) { needles["the record key"] = key }
    if case .aead(let key, _) = RecordKeys(secret: secret, suite) { needles["the record key"] = key }
    let first = try await found(needles, in: peer)
    #expect(first == ["the group", "the record key"])

    // Reading a ring again and rotating leave nothing either.
    guard isInFile, role != .doctor else { return }
    try await file.rotate("add", later)
    try await peer.readRingAgain()
    try await file.rotate("promote")
    try await peer.readRingAgain()
    needles.merge(self.needles(later, "the later secret")) { $1 }
    #expect(try await found(needles, in: peer) == ["the group", "the record key"])
    _ = other
  }

  // Freed memory is reused in parts, so remains of a long secret would last longer.
  @Test(
    "a long secret in the environment leaves no piece in memory",
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

  @Test("the environment variable is erased once it is read, also for other processes")
  func environment() async throws {
    let peer = try PeerProcess(
      ["0", "-I", "lo", "-t", "0", "-g", "\(group.address)", "--allow-core-dumps"], home: group.home, secret: secret)
    try await peer.waitUntilReady(node: 0)
    #expect(try peer.visible.contains("HOME=\(group.home.path)"))
    #expect(try !peer.visible.contains(secret.prefix(8)))
    // The variable cannot be read again, and the peer reports that.
    peer.signal(SIGHUP)
    try await peer.waitForError("the key ring stays as it was")
    #expect(try peer.errors.contains("can read it once"))
    #expect(try !(peer.errors + peer.output).contains(secret.prefix(8)))
    let before = try peer.sent.count
    try await eventually("it to go on") { try peer.sent.count > before }
  }

  @Test(
    "core dumps and memory access by the same user are disabled, and --allow-core-dumps permits both",
    .disabled(if: Sanitizer.isOn, "a sanitizer sets the limit by itself"))
  func dumps() async throws {
    // Root can read any memory, so the test runs the peer as another user.
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
      // The files of an undumpable process belong to root. Source: proc(5).
      let attributes = try FileManager.default.attributesOfItem(atPath: "/proc/\(peer.identifier)/mem")
      #expect(attributes[.ownerAccountID] as? Int == owner)
      peer.signal(SIGTERM)
      #expect(try await peer.exitCode() == 0)
    }
  }

  @Test("a crash ends a peer at once, and prints neither registers nor memory")
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
