import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("A node that encrypts, and whose state is lost, copied or elsewhere")
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

  /// Makes a node's state older than it is: starts it, makes a backup, starts it twice more, and puts the backup back.
  func restoreOlderState(of node: Int, copy: String = "cp -a") async throws {
    try await makeSecret()
    #expect(try await run(node, "--encrypt").code == 0)
    shell("\(copy) .local/state/mcast-peer backup")
    for _ in 0..<2 { #expect(try await run(node, "--encrypt").code == 0) }
    shell("rm -r .local/state/mcast-peer && \(copy) backup .local/state/mcast-peer")
  }

  /// Starts a node that encrypts, and only listens until it has heard some messages.
  func listen(_ node: Int, for messages: Int) async throws -> PeerProcess {
    let listener = try PeerProcess(
      [
        "\(node)", "-I", "lo", "-t", "0", "-g", "\(address)", "-k", secret, "--encrypt", "--listen", "--expect",
        "\(messages)",
      ],
      home: home)
    try await listener.waitForError("listening only")
    return listener
  }

  @Test("README's nodes with a secret of their own need no word, the first time and the next")
  func madeHere() async throws {
    try await makeSecret()
    for epoch in 1...2 {
      for node in 0...2 {
        let start = try await run(node, "--encrypt")
        #expect(start.code == 0 && start.errors.contains("epoch \(epoch), state in "), "\(start)")
        #expect(start.errors.contains("no state: first start, epoch 1") == (epoch == 1), "\(start)")
        #expect(!start.errors.contains("nonces"))
      }
    }
  }

  @Test("peers that start at once with no secret at all make one, and none is refused")
  func ownSecretAtOnce() async throws {
    let peers = try (0...2).map { node in
      try PeerProcess(
        ["\(node)", "-I", "lo", "-t", "0", "-g", "\(address)", "-c", "2", "-i", "0.05", "--encrypt"], home: home)
    }
    for peer in peers { #expect(try await peer.exitCode() == 0, "\((try? peer.errors) ?? "")") }
  }

  @Test(
    "a lost directory, file, or file and lock is refused with 73, and both ways out are named and work",
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
    #expect(given.code == 0 && given.errors.contains("epoch 5000, state in "))
    let next = try await run(0, "--encrypt")
    #expect(next.code == 0 && next.errors.contains("epoch 5001, state in "), "\(next)")
    // Another node's first start is none of its business.
    shell("rm -rf .local/state/mcast-peer")
    #expect(try await run(0, "--encrypt", "--new-node").code == 0)
    #expect(try await run(1, "--encrypt").code == 73)
  }

  @Test("a secret that was copied to this machine needs the word once for a node, here or in the environment")
  func copiedSecret() async throws {
    home.write("a secret that was made elsewhere\n", to: "secret")
    #expect(try await run(0, "--encrypt").code == 73)
    let first = try await run(0, "--encrypt", environment: ["MCAST_PEER_NEW_NODE": "1"])
    #expect(first.code == 0 && first.errors.contains("epoch 1, state in "))
    #expect(try await run(0, "--encrypt").code == 0)
    let again = try await run(0, "--encrypt", "--new-node")
    #expect(again.code == 0 && again.errors.contains("node 0 is not new") && again.errors.contains("epoch 3,"))
    #expect(try await run(1, "--encrypt").code == 73)
    let both = try await run(1, "--encrypt", "--new-node", "--epoch", "3")
    #expect(both.code == 64 && both.errors.contains("give one of them"))
  }

  @Test("a secret can be made for another state directory, and where that cannot be noted it is said")
  func otherDirectory() async throws {
    try await makeSecret("--state-dir", "\(home.path)/elsewhere")
    #expect(try await run(0, "--encrypt").code == 73)
    #expect(try await run(0, "--encrypt", "--state-dir", "\(home.path)/elsewhere").code == 0)
    let command = try PeerProcess(
      ["secret", "new", "--write", "\(home.path)/other", "--state-dir", "/proc/nothing"], home: home)
    #expect(try await command.exitCode() == 0)
    #expect(try command.errors.contains("--new-node"))
  }

  @Test("doctor foretells that a node would be refused, and that it would not")
  func foretold() async throws {
    try await makeSecret()
    func doctor(_ node: Int) async throws -> (code: Int32, lines: [String]) {
      let doctor = try PeerProcess(
        ["doctor", "-I", "lo", "-t", "0", "-g", "\(address)", "-k", secret, "--encrypt", "--wait", "0.1"],
        home: home, environment: ["MCAST_PEER_NODE_ID": "\(node)"])
      return (try await doctor.exitCode(), try doctor.findings.filter { $0.contains("state      ") })
    }
    for _ in 0..<2 {
      // A new one, and one that goes on.
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
    // Nothing was made by looking.
    shell("test ! -e .local/state/mcast-peer")
  }

  @Test("without encryption it goes on, says that there is no state, and a later start that encrypts is refused")
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

  @Test("without encryption, a start whose state was lost is no first start, and the way to be heard again is named")
  func plainAndLost() async throws {
    try await makeSecret()
    for _ in 0..<2 { #expect(try await run(0).code == 0) }
    shell("rm .local/state/mcast-peer/*-0")
    let start = try await run(0)
    #expect(start.code == 0 && start.errors.contains("and is not new: it has sent with key ID"), "\(start)")
    #expect(start.errors.contains("give a later one once (see --epoch)"))
    #expect(try await !run(0).errors.contains("is not new"))
  }

  @Test("a state that began without encryption says what a new node is then, and is not called lost")
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

  @Test("an older state is said before anything is sent, and left far behind")
  func older() async throws {
    try await restoreOlderState(of: 0)
    let wire = try Wire(address)
    let start = try await run(0, "--encrypt")
    #expect(start.code == 0 && start.errors.contains("is a copy") && start.errors.contains("change the secret"))
    let epochs = try await onThread { try wire.receive(2) }.compactMap { RecordHeader($0.span)?.epoch }
    #expect(epochs.count == 2 && epochs.allSatisfy { (65...1001).contains($0) }, "\(epochs)")
    // A backup of before the node's first start: the mark is a copy, too.
    shell("rm -r .local/state/mcast-peer/* && cp -a backup/*.nodes .local/state/mcast-peer/")
    #expect(try await run(1, "--encrypt").code == 73)
  }

  @Test("a new secret that comes by SIGHUP needs no word, nor does a restart with it; nor one that was only added")
  func rotation() async throws {
    try await makeSecret()
    let ring = RingFileOfNode(try String(contentsOfFile: secret, encoding: .utf8).trimmingCharacters(in: .newlines))
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
    // In the place of a ring whose secrets this node has never had, there is nothing that vouches for it.
    ring.write(["a secret that nobody added"])
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)
    #expect(try await start().exitCode() == 73)
  }

  @Test("a running node whose directory is removed vouches for no new secret, and keeps the former")
  func removedWhileRotating() async throws {
    try await makeSecret()
    let peer = try PeerProcess(
      ["0", "-I", "lo", "-t", "0", "-g", "\(address)", "-k", secret, "-i", "0.05", "--encrypt"], home: home)
    try await peer.waitUntilReady(node: 0)
    shell("mv .local/state/mcast-peer gone && rm -r gone")
    try await peer.waitForError("was removed or replaced while the node runs: it was written anew")
    let second = try await run(0, "--encrypt")
    #expect(second.code == 73 && second.errors.contains("runs on this machine already"), "\(second)")
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)
    let next = try await run(0, "--encrypt")
    #expect(next.code == 0 && next.errors.contains("was written anew while the node ran"), "\(next)")
  }

  @Test("the start and doctor warn of a state that does not last")
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

  @Test("a node that only listens takes no epoch and asks for none, and says what its state is for")
  func listening() async throws {
    home.write("a secret that was made elsewhere\n", to: "secret")
    func listen(_ more: String...) async throws -> (output: String, errors: String) {
      let peer = try PeerProcess(
        ["0", "-I", "lo", "-t", "0", "-g", "\(address)", "-k", secret, "--encrypt", "--listen", "--deadline", "0.2"]
          + more, home: home)
      #expect(try await peer.exitCode() == 0, "\((try? peer.errors) ?? "")")
      return (try peer.output, try peer.errors)
    }
    #expect(try await listen().errors.contains("listening only, state (of received messages) in "))
    let json = try await listen("-o", "json").output
    #expect(json.contains("\"event\":\"start\"") && !json.contains("epoch"), "\(json)")
    let without = try await listen("--state-dir", "/proc/nothing")
    #expect(without.errors.contains("what is heard is not remembered") && without.errors.contains("NO STATE"))
    #expect(!without.errors.contains("give an epoch"), "\(without.errors)")
    // It has not become a node that has sent.
    #expect(try await run(0, "--encrypt").code == 73)
  }
}
