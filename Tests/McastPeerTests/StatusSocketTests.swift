import Foundation
import TestSupport
import Testing

@testable import mcast_peer

@Suite("mcast-peer status, asking a running peer")
struct StatusSocketTests {
  private let group = LoopbackGroup()

  @Test("a peer answers with its own figures since its start, and its members")
  func figures() async throws {
    let peer = try await group.startListener(0)
    // Long enough for its interval to be known.
    let sender = try group.start(1, "-i", "0.1", "-c", "30")
    let stranger = try PeerProcess(
      ["2", "-I", "lo", "-t", "0", "-g", "\(group.address)", "-i", "0.05", "-c", "5"], secret: "quite another secret")
    for process in [sender, stranger] { #expect(try await process.exitCode() == 0) }
    let own = try await peer.trafficReport { $0.received == 30 && $0.refused["forged"] == 5 }
    let result = try await group.ask(0, "-o", "json")
    #expect(try await Project.validate(result.output, schema: "docs/status.schema.json") == ["document": 1])
    let report = try result.report
    #expect(report.peer == .init(member: 0, epoch: .first, sent: 1))
    #expect(report.received == own.received && report.lost == 0 && report.droppedByKernel == own.droppedByKernel)
    for (reason, count) in own.refused { #expect(report.rejected[.init(rawValue: reason) ?? .own] ?? 0 == count) }
    #expect(report.group == "\(group.address)" && report.interfaces == ["lo"])
    #expect(report.keyIDs.map(\.description) == ["9ab7-6d2d"] && report.time > .seconds(1))
    let member = try #require(try result.member(1))
    #expect(member.received == 30 && member.isAwaited)
    #expect(try result.member(2)?.state == .rejected && result.code == 1)
    // Member 1 has ended.
    try await expectState(.silent, of: 1, askedAt: 0)
  }

  private func expectState(_ state: StatusReport.State, of member: Int, askedAt node: Int) async throws {
    for _ in 0..<100 where try await group.ask(node, "-o", "json").member(member)?.state != state {}
    let text = try await group.ask(node)
    #expect(text.code == 1 && text.output.contains("\n \(member)  \(state.rawValue) "), "\(text)")
  }

  @Test("the exit code is 0 once all members of --peers are up, also at a peer that only listens")
  func complete() async throws {
    let peers = try (1...2).map { try group.start($0, "-i", "0.2") }
    let listener = try await group.startReceiver(0, [])
    var result = try await group.ask(0)
    for _ in 0..<100 where result.code != 0 { result = try await group.ask(0) }
    #expect(result.code == 0 && result.output.contains("member 0, listening only, up for "), "\(result)")
    #expect(result.output.contains("\n2 of 2 members up\n") && result.errors == "")
    _ = (peers, listener)
  }

  @Test("the socket is its owner's alone, and gone after the end; one that a killed peer left is replaced")
  func file() async throws {
    let path = "\(group.states)/0.status"
    let first = try await group.startListener(0)
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600 && attributes[.type] as? FileAttributeType == .typeSocket)
    first.signal(SIGTERM)
    #expect(try await first.exitCode() == 0)
    #expect(!FileManager.default.fileExists(atPath: path))
    let none = try await group.ask(0)
    #expect(none.code == 69 && none.errors.contains("no peer with member ID 0 runs"), "\(none)")

    let second = try await group.startListener(0)
    second.signal(SIGKILL)
    #expect(try await second.exitCode() == -SIGKILL)
    let left = try await group.ask(0)
    #expect(left.code == 69 && left.errors.contains("left from a process that was killed"), "\(left)")
    let third = try await group.startListener(0)
    #expect(try third.errors.contains("status --of") == false)
    #expect(try await group.ask(0, "-o", "json").report.peer?.epoch?.rawValue == 3)
    third.signal(SIGINT)
    #expect(try await third.exitCode() == 0)
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test("the socket is gone after the end of a peer whose output is blocked")
  func blocked() async throws {
    let peer = try PeerProcess(
      [], home: group.home, secret: Vectors.shared.secret,
      shell: """
        mkfifo "$HOME/pipe"; exec 3<>"$HOME/pipe"
        timeout 0.5 yes >"$HOME/pipe"
        exec "$0" 0 -I lo -t 0 -g \(group.address) >"$HOME/pipe"
        """)
    try await eventually("its socket") { FileManager.default.fileExists(atPath: "\(group.states)/0.status") }
    try await eventually("signals to be handled") { try peer.handles(SIGTERM) }
    peer.signal(SIGTERM)
    _ = try await peer.exitCode()
    #expect(!FileManager.default.fileExists(atPath: "\(group.states)/0.status"))
  }

  @Test("a stopped peer is reported within some seconds, and answers when it continues")
  func stopped() async throws {
    let peer = try await group.startListener(0)
    try await peer.stop()
    let asked = try await group.ask(0)
    #expect(asked.code == 69 && asked.errors.contains("process \(peer.identifier), does not answer"), "\(asked)")
    peer.signal(SIGCONT)
    #expect(try await group.ask(0, "-o", "json").report.peer?.member == 0)
  }

  @Test("a peer that is killed while it is asked is reported as ended, and not as one that refuses")
  func killed() async throws {
    let peer = try await group.startListener(0)
    try await peer.stop()
    // As mcast-peer status does, with more patience for a busy machine.
    let client = StatusClient(member: 0, directory: group.states, patience: .seconds(60))
    let (results, sink) = AsyncStream.makeStream(of: Result<pid_t, any Error>.self)
    // A thread of its own: all others may be busy.
    Thread.detachNewThread {
      sink.yield(Result { try client.ask().process })
      sink.finish()
    }
    try await eventually("a connection that waits") {
      // In pieces, since the size of the file is 0.
      let table = try FileHandle(forReadingFrom: URL(filePath: "/proc/net/unix")).readToEnd() ?? Data()
      return String(decoding: table, as: UTF8.self).components(separatedBy: group.states).count > 2
    }
    peer.signal(SIGKILL)
    let result = await results.first { _ in true }
    let error = #expect(throws: StatusError.self) { try result?.get() }
    #expect(error?.description.contains("process \(peer.identifier), has ended: start it again") == true)
  }

  @Test("200 clients that read nothing delay neither the peer nor another client, and each has its answer")
  func crowd() async throws {
    let peer = try await group.startListener(0)
    let other = try group.start(1, "-i", "0.05")
    let address = try SocketFile("0.status", in: group.states)
    let clients = try (0..<200).map { _ in
      let client = try UnixSocket()
      #expect(client.connect(to: address) == 0)
      return client
    }
    #expect(try await group.ask(0, "-o", "json").report.peer?.member == 0)
    try await peer.waitUntilHeard(1)
    for client in clients {
      let answer = try #require(client.receive(atMost: 1 << 20, until: .now + .seconds(30)))
      #expect(StatusAnswer(bytes: answer)?.table.hasPrefix("\(group.address)") == true)
    }
    _ = other
  }

  @Test("an answer to a client that does not read it ends at its deadline")
  func slowReader() throws {
    var ends: [Int32] = [0, 0]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    let (server, client) = (try UnixSocket("socketpair", ends[0]), try UnixSocket("socketpair", ends[1]))
    let start = ContinuousClock.now
    #expect(!server.send([UInt8](repeating: 0, count: 16 << 20), until: start + .milliseconds(300)))
    #expect(ContinuousClock.now - start >= .milliseconds(300))
    #expect(client.receive(atMost: 1000, until: .now) != nil)
  }

  @Test("a file that is no socket stays, and the peer runs without one")
  func occupied() async throws {
    try FileManager.default.createDirectory(atPath: group.states, withIntermediateDirectories: true)
    let file = group.home.write("mine", to: ".local/state/mcast-peer/0.status")
    let peer = try await group.startListener(0)
    try await peer.waitForError("0.status is no socket: remove it")
    let asked = try await group.ask(0)
    #expect(asked.code == 69 && asked.errors.contains("is no socket, so that member 0 cannot be asked"), "\(asked)")
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "mine")
  }

  @Test("a second peer with the same ID and another secret leaves the socket to the first")
  func twoSecrets() async throws {
    let first = try await group.startListener(0)
    let second = try PeerProcess(
      ["0", "-I", "lo", "-t", "0", "-g", "\(makeTestGroup())"], home: group.home, secret: "quite another secret")
    try await second.waitForError("process \(first.identifier) answers at \(group.states)/0.status")
    try await second.waitUntilReady(node: 0)
    second.signal(SIGTERM)
    #expect(try await second.exitCode() == 0)
    #expect(try await group.ask(0, "-o", "json").report.group == "\(group.address)")
  }

  @Test(
    "a state directory with a path longer than a socket's address works, and a peer without a state cannot be asked")
  func directories() async throws {
    let long = "\(group.home.path)/\(String(repeating: "long/", count: 30))state"
    let peer = try await group.startListener(0, "--state-dir", long)
    #expect(try await group.ask(0, "--state-dir", long, "-o", "json").report.group == "\(group.address)")
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)
    #expect(!FileManager.default.fileExists(atPath: "\(long)/0.status"))
    let stateless = try await group.startListener(1, "--state-dir", "/dev/null/none", "--epoch", "9")
    #expect(try await group.ask(1).code == 69)
    _ = stateless
  }

  @Test("answers that are no report are an error, and an endless one ends", arguments: ["'{}'", "'x' * 2**21", "''"])
  func nonsense(answer: String) async throws {
    let directory = TemporaryDirectory()
    let server = try PeerProcess(
      [], shell: "exec python3 -c \"\(Self.server(at: "\(directory.path)/0.status", answer: answer))\"")
    try await server.waitForLine("ready")
    let result = try await PeerProcess(["status", "--of", "0", "--state-dir", directory.path]).statusResult()
    #expect(result.code == 69 && result.output == "", "\(result)")
    #expect(result.errors.split(separator: "\n").count == 1)
  }

  /// A program that answers every connection.
  static func server(at path: String, answer: String) -> String {
    """
    import socket
    s = socket.socket(socket.AF_UNIX)
    s.bind('\(path)')
    s.listen()
    print('ready', flush=True)
    while True:
      c = s.accept()[0]
      try: c.sendall((\(answer)).encode())
      except OSError: pass
      c.close()
    """
  }
}

@Suite("mcast-peer status and other users", .enabled(if: getuid() == 0, "needs root to act as another user"))
struct StatusUserTests {
  private static let asNobody = "exec setpriv --reuid 65534 --regid 65534 --clear-groups"
  private let group = LoopbackGroup()

  private func askAsNobody(_ directory: String) async throws -> StatusResult {
    try await PeerProcess([], shell: "\(Self.asNobody) \"$0\" status --of 0 --state-dir '\(directory)'").statusResult()
  }

  @Test("another user gets no answer, by the modes of the directory and the socket, and then by the peer itself")
  func denied() async throws {
    let peer = try await group.startListener(0)
    for path in [group.states, "\(group.states)/0.status"] {
      let refused = try await askAsNobody(group.states)
      #expect(refused.code == 77 && refused.errors.contains("may not ask member 0"), "\(refused)")
      // TemporaryDirectory has mode 0755; the rest of the way gets it here.
      for directory in ["\(group.home.path)/.local", "\(group.home.path)/.local/state", group.states] {
        #expect(chmod(directory, 0o755) == 0)
      }
      if path.hasSuffix("status") { #expect(chmod(path, 0o666) == 0) }
    }
    let refused = try await askAsNobody(group.states)
    #expect(refused.code == 77 && refused.errors.contains("member 0 does not answer uid 65534"), "\(refused)")
    #expect(try await group.ask(0, "-o", "json").report.peer?.member == 0)
    _ = peer
  }

  @Test("a socket of another user in a shared directory is not asked")
  func foreignServer() async throws {
    let shared = TemporaryDirectory()
    #expect(chmod(shared.path, 0o1777) == 0)
    let program = StatusSocketTests.server(at: "\(shared.path)/0.status", answer: "'{}'")
    let server = try PeerProcess([], shell: "PATH=/usr/bin:/bin; \(Self.asNobody) python3 -c \"\(program)\"")
    try await server.waitForLine("ready")
    let result = try await PeerProcess(["status", "--of", "0", "--state-dir", shared.path]).statusResult()
    #expect(result.code == 77 && result.errors.contains("of another user (uid 65534)"), "\(result)")
  }

  @Test("root may ask a peer of another user")
  func root() async throws {
    let home = TemporaryDirectory()
    #expect(chown(home.path, 65534, 65534) == 0)
    let peer = try PeerProcess(
      [], home: home, secret: Vectors.shared.secret,
      shell: "\(Self.asNobody) \"$0\" 0 -I lo -t 0 -g \(group.address) --state-dir '\(home.path)/state'")
    try await peer.waitUntilReady(node: 0)
    let result = try await PeerProcess(
      ["status", "--of", "0", "--state-dir", "\(home.path)/state", "-o", "json"]
    ).statusResult()
    #expect(try result.report.group == "\(group.address)", "\(result)")
    _ = peer
  }
}
