import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Encrypting members with a lost or copied state")
struct LostStateTests {
  let address = makeTestGroup()
  let home = TemporaryDirectory()
  var state: String { "\(home.path)/.local/state/mcast-peer" }
  var secret: String { "\(home.path)/secret" }

  func run(_ node: Int, _ more: String..., environment: [String: String] = [:]) async throws -> (
    code: Int32, errors: String
  ) {
    let peer = try PeerProcess(
      ["\(node)", "-I", "lo", "-t", "0", "-g", "\(address)", "-k", secret, "-c", "2", "-i", "0.01"] + more,
      home: home, environment: environment)
    return (try await peer.exitCode(), try peer.errors)
  }

  func makeSecret(_ more: String...) async throws {
    let command = try PeerProcess(["secret", "new", "--write", secret] + more, home: home)
    #expect(try await command.exitCode() == 0)
    #expect(try command.errors == "")
  }

  func shell(_ line: String) { #expect(system("cd '\(home.path)' && \(line)") == 0) }

  /// Restores an older state of a member: starts it, makes a backup, starts it twice more, and restores the backup.
  func restoreOlderState(of node: Int, copy: String = "cp -a") async throws {
    try await makeSecret()
    #expect(try await run(node, "--encrypt").code == 0)
    shell("\(copy) .local/state/mcast-peer backup")
    for _ in 0..<2 { #expect(try await run(node, "--encrypt").code == 0) }
    shell("rm -r .local/state/mcast-peer && \(copy) backup .local/state/mcast-peer")
  }

  /// Starts an encrypting member that listens until it has received some messages.
  func listen(_ node: Int, for messages: Int) async throws -> PeerProcess {
    let listener = try PeerProcess(
      [
        "\(node)", "-I", "lo", "-t", "0", "-g", "\(address)", "-k", secret, "--encrypt", "--listen", "--expect",
        "\(messages)",
      ],
      home: home)
    try await listener.waitForError(", listening\n")
    return listener
  }

  @Test("the README's members with a new secret need no --new-node, at the first start and the next")
  func madeHere() async throws {
    try await makeSecret()
    for epoch in 1...2 {
      for node in 0...2 {
        let start = try await run(node, "--encrypt")
        #expect(start.code == 0 && start.errors.contains(", epoch \(epoch)\n"), "\(start)")
        #expect(start.errors.contains("no state: first start, epoch 1") == (epoch == 1), "\(start)")
        #expect(!start.errors.contains("nonces"))
      }
    }
  }

  @Test("peers that start at once without a secret make one, and all of them start")
  func ownSecretAtOnce() async throws {
    let peers = try (0...2).map { node in
      try PeerProcess(
        ["\(node)", "-I", "lo", "-t", "0", "-g", "\(address)", "-c", "2", "-i", "0.05", "--encrypt"], home: home)
    }
    for peer in peers { #expect(try await peer.exitCode() == 0, "\((try? peer.errors) ?? "")") }
  }

  @Test(
    "after the loss of a directory, a file, or file and lock, a start ends with 73, and both named remedies work",
    arguments: ["rm -r .local/state/mcast-peer", "rm .local/state/mcast-peer/*-0", "rm .local/state/mcast-peer/*-0*"])
  func lost(line: String) async throws {
    try await makeSecret()
    #expect(try await run(0, "--encrypt").code == 0)
    shell(line)
    for _ in 0..<2 {
      let refused = try await run(0, "--encrypt")
      #expect(refused.code == 73)
      for text in ["--new-node", "--epoch", "if it has ever sent with this secret, change the secret"] {
        #expect(refused.errors.contains(text), "\(refused.errors)")
      }
    }
    let told = try await run(0, "--encrypt", "--new-node")
    #expect(told.code == 0 && told.errors.contains("nonces"), "\(told)")
    #expect(try await run(0, "--encrypt").code == 0)
    shell(line)
    let given = try await run(0, "--encrypt", "--epoch", "5000")
    #expect(given.code == 0 && given.errors.contains(", epoch 5000\n"))
    let next = try await run(0, "--encrypt")
    #expect(next.code == 0 && next.errors.contains(", epoch 5001\n"), "\(next)")
    // The start of one member does not vouch for another.
    shell("rm -rf .local/state/mcast-peer")
    #expect(try await run(0, "--encrypt", "--new-node").code == 0)
    #expect(try await run(1, "--encrypt").code == 73)
  }

  @Test("with a copied secret, each member needs --new-node once, as an option or in the environment")
  func copiedSecret() async throws {
    home.write("a secret that was made elsewhere\n", to: "secret")
    #expect(try await run(0, "--encrypt").code == 73)
    let first = try await run(0, "--encrypt", environment: ["MCAST_PEER_NEW_NODE": "1"])
    #expect(first.code == 0 && first.errors.contains(", epoch 1\n"))
    #expect(try await run(0, "--encrypt").code == 0)
    let again = try await run(0, "--encrypt", "--new-node")
    #expect(again.code == 0 && again.errors.contains("member 0 is not new") && again.errors.contains(", epoch 3\n"))
    #expect(try await run(1, "--encrypt").code == 73)
    let both = try await run(1, "--encrypt", "--new-node", "--epoch", "3")
    #expect(both.code == 64 && both.errors.contains("give one of them"))
  }

  @Test("a secret can be made for another state directory, and a failure to mark it there is reported")
  func otherDirectory() async throws {
    try await makeSecret("--state-dir", "\(home.path)/elsewhere")
    #expect(try await run(0, "--encrypt").code == 73)
    #expect(try await run(0, "--encrypt", "--state-dir", "\(home.path)/elsewhere").code == 0)
    let command = try PeerProcess(
      ["secret", "new", "--write", "\(home.path)/other", "--state-dir", "/proc/nothing"], home: home)
    #expect(try await command.exitCode() == 0)
    #expect(try command.errors.contains("--new-node"))
  }

  @Test("doctor predicts whether a member can start")
  func foretold() async throws {
    try await makeSecret()
    func doctor(_ node: Int) async throws -> (code: Int32, lines: [String]) {
      let doctor = try PeerProcess(
        ["doctor", "-I", "lo", "-t", "0", "-g", "\(address)", "-k", secret, "--encrypt", "--wait", "0.1"],
        home: home, environment: ["MCAST_PEER_NODE_ID": "\(node)"])
      return (try await doctor.exitCode(), try doctor.findings.filter { $0.contains("state      ") })
    }
    for _ in 0..<2 {
      // A new member, and one that continues.
      #expect(try await doctor(0).lines.allSatisfy { $0.hasPrefix("ok ") })
      #expect(try await run(0, "--encrypt").code == 0)
    }
    shell("cp -a .local/state/mcast-peer/*-0 copy && mv copy .local/state/mcast-peer/*-0")
    #expect(try await doctor(0).lines.contains { $0.hasPrefix("warning  state") && $0.contains("is a copy") })
    shell("echo >>$(ls .local/state/mcast-peer/*-0)")
    #expect(try await doctor(0).lines.contains { $0.hasPrefix("failure  state") && $0.contains("is damaged") })
    shell("rm .local/state/mcast-peer/*-0")
    #expect(try await doctor(0).lines.contains { $0.hasPrefix("failure  state") && $0.contains("is gone from") })
    #expect(try await doctor(1).lines.allSatisfy { $0.hasPrefix("ok ") })
    shell("rm -r .local/state/mcast-peer")
    let unknown = try await doctor(1)
    #expect(unknown.code == 1 && unknown.lines.contains { $0.contains("has no state in") }, "\(unknown)")
    // The checks made nothing.
    shell("test ! -e .local/state/mcast-peer")
  }

  @Test("without encryption, a member without a state starts and reports that, and a later start with encryption fails")
  func plain() async throws {
    home.write("a secret that was made elsewhere\n", to: "secret")
    for _ in 0..<2 {
      let start = try await run(0)
      #expect(start.code == 0 && start.errors.contains("no state: first start, epoch 1"), "\(start)")
      #expect(try await !run(0).errors.contains("no state"))
      #expect(try await run(0, "--encrypt").code == 73)
      shell("rm -r .local/state/mcast-peer")
    }
  }

  @Test("without encryption, a start with a lost state is no first start, and names the way to be heard again")
  func plainAndLost() async throws {
    try await makeSecret()
    for _ in 0..<2 { #expect(try await run(0).code == 0) }
    shell("rm .local/state/mcast-peer/*-0")
    let start = try await run(0)
    #expect(start.code == 0 && start.errors.contains("and is not new: it has sent with key ID"), "\(start)")
    #expect(start.errors.contains("give a later one once (see --epoch)"))
    #expect(try await !run(0).errors.contains("is not new"))
  }

  @Test("a state begun without encryption is not called lost, and the error says when the member counts as new")
  func plainThenEncrypted() async throws {
    home.write("a secret that was made elsewhere\n", to: "secret")
    #expect(try await run(0).code == 0)
    let refused = try await run(0, "--encrypt")
    #expect(refused.code == 73 && refused.errors.contains("If it has never encrypted with this secret"), "\(refused)")
    let start = try await run(0, "--encrypt", "--new-node")
    #expect(start.code == 0 && start.errors.contains("does not tell all"), "\(start)")
    #expect(!start.errors.contains("its state was lost"))
    #expect(try await !run(0, "--encrypt").errors.contains("nonces"))
  }

  @Test("an older state causes a warning and a leap to a later epoch")
  func older() async throws {
    try await restoreOlderState(of: 0)
    let wire = try Wire(address)
    let start = try await run(0, "--encrypt")
    #expect(start.code == 0 && start.errors.contains("is a copy") && start.errors.contains("change the secret"))
    let epochs = try await onThread { try wire.receive(2) }.compactMap { RecordHeader($0.span)?.epoch }
    #expect(epochs.count == 2 && epochs.allSatisfy { (65...1001).contains($0) }, "\(epochs)")
    // A backup from before the member's first start: its mark is a copy, too.
    shell("rm -r .local/state/mcast-peer/* && cp -a backup/*.nodes .local/state/mcast-peer/")
    #expect(try await run(1, "--encrypt").code == 73)
  }

  @Test("a new secret needs no --new-node after SIGHUP or a restart, also if it was only added before")
  func rotation() async throws {
    try await makeSecret()
    let ring = RingFileOfMember(try String(contentsOfFile: secret, encoding: .utf8).trimmingCharacters(in: .newlines))
    func start(_ more: String...) throws -> PeerProcess {
      try PeerProcess(
        ["0", "-I", "lo", "-t", "0", "-g", "\(address)", "-k", ring.path, "-i", "0.05", "--encrypt"] + more, home: home)
    }
    var peer = try start()
    try await peer.waitUntilReady(node: 0)
    for number in 0..<2 {
      try await ring.rotate("add", "the secret number \(number) that was made elsewhere")
      try await peer.readRingAgain()
      if number == 1 {
        peer.signal(SIGTERM)
        #expect(try await peer.exitCode() == 0)
        try await ring.rotate("promote")
      } else {
        try await ring.rotate("promote")
        try await peer.readRingAgain()
        #expect(try !peer.errors.contains("stays as it was"), "\((try? peer.errors) ?? "")")
        peer.signal(SIGKILL)
        _ = try await peer.exitCode()
      }
      peer = try start()
      try await peer.waitUntilReady(node: 0)
    }
    // Nothing vouches for a ring with only new secrets.
    ring.write(["a secret that nobody added"])
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)
    #expect(try await start().exitCode() == 73)
  }

  @Test("a running member whose directory is removed keeps its state and its lock")
  func removedWhileRotating() async throws {
    try await makeSecret()
    let peer = try PeerProcess(
      ["0", "-I", "lo", "-t", "0", "-g", "\(address)", "-k", secret, "-i", "0.05", "--encrypt"], home: home)
    try await peer.waitUntilReady(node: 0)
    shell("mv .local/state/mcast-peer gone && rm -r gone")
    try await peer.waitForError("was removed or replaced while the process runs: it was written anew")
    let second = try await run(0, "--encrypt")
    #expect(second.code == 73 && second.errors.contains("runs on this machine already"), "\(second)")
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)
    let next = try await run(0, "--encrypt")
    #expect(next.code == 0 && next.errors.contains("was written anew while the process ran"), "\(next)")
  }

  @Test("the start and doctor warn of a state on tmpfs")
  func tmpfs() async throws {
    home.write("a secret that was made elsewhere\n", to: "secret")
    let directory = "/dev/shm/mcast-peer-test-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let start = try await run(0, "--state-dir", directory)
    #expect(start.code == 0 && start.errors.contains("\(directory) is on tmpfs, so the state is lost"), "\(start)")
    let doctor = try PeerProcess(
      ["doctor", "-I", "lo", "-t", "0", "-g", "\(address)", "-k", secret, "--state-dir", directory, "--wait", "0.1"],
      home: home)
    _ = try await doctor.exitCode()
    #expect(try doctor.output.contains("warning  state"))
  }

  @Test("a listener uses and requests no epoch, and reports the purpose of its state")
  func listening() async throws {
    home.write("a secret that was made elsewhere\n", to: "secret")
    func listen(_ more: String...) async throws -> (output: String, errors: String) {
      let peer = try PeerProcess(
        ["0", "-I", "lo", "-t", "0", "-g", "\(address)", "-k", secret, "--encrypt", "--listen", "--deadline", "0.2"]
          + more, home: home)
      #expect(try await peer.exitCode() == 0, "\((try? peer.errors) ?? "")")
      return (try peer.output, try peer.errors)
    }
    #expect(try await listen().errors.contains(", listening\n"))
    let json = try await listen("-o", "json").output
    #expect(json.contains("\"event\":\"start\"") && !json.contains("epoch"), "\(json)")
    let without = try await listen("--state-dir", "/proc/nothing")
    #expect(without.errors.contains("what is heard is not remembered") && without.errors.contains("NO STATE"))
    #expect(!without.errors.contains("give an epoch"), "\(without.errors)")
    // The listener's state does not vouch for a start that sends.
    #expect(try await run(0, "--encrypt").code == 73)
  }
}
