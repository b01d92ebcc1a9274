import Foundation
import TestSupport
import Testing

@Suite("Three peers over loopback")
struct SmokeTests {
  private let group = makeTestGroup()
  private let home = TemporaryDirectory()

  private func start(_ node: Int, _ more: String...) throws -> PeerProcess {
    try PeerProcess(["\(node)", "-I", "lo", "-t", "0", "-g", "\(group)", "-i", "0.2"] + more, home: home)
  }

  @Test("three peers hear each other, print the documented lines, and end cleanly", arguments: [SIGINT, SIGTERM])
  func three(signal: Int32) async throws {
    try await talk("\(group)", endedBy: signal) { try start($0) }
  }

  @Test(
    "three peers over IPv6 hear each other, print the documented lines, and end cleanly",
    .enabled(if: Namespace.isAvailable && Family.all.contains(.ipv6), "needs a namespace and IPv6"),
    arguments: [SIGINT, SIGTERM])
  func threeOverIPv6(signal: Int32) async throws {
    let namespace = try Namespace()
    try namespace.routeIPv6OverLoopback()
    let group = Family.ipv6.group
    try await talk(group, endedBy: signal) {
      try PeerProcess(
        ["\($0)", "-I", "lo", "-t", "0", "-g", group, "-i", "0.2"], home: home, namespace: namespace)
    }
  }

  private func talk(_ group: String, endedBy signal: Int32, start: (Int) throws -> PeerProcess) async throws {
    let peers = try (0...2).map(start)
    for (node, peer) in peers.enumerated() {
      for other in 0...2 where other != node {
        try await eventually("member \(node) to hear member \(other)") {
          try peer.output.contains("Node \(node): Received from peer \(other): \"Hello from node \(other), message #")
        }
      }
    }
    for peer in peers { peer.signal(signal) }
    for (node, peer) in peers.enumerated() {
      #expect(try await peer.exitCode() == 0)
      try checkTranscript(of: peer, node: node, group)
    }
  }

  private func checkTranscript(of peer: PeerProcess, node: Int, _ group: String) throws {
    let lines = try peer.lines
    let others = (0...2).filter { $0 != node }
    #expect(
      lines.prefix(7) == [
        "=== DTLS Multicast Peer - Node \(node) ===",
        "Node \(node): Sockets ready, joined multicast group \(group)",
        "Node \(node): Added peer \(others[0]) to receive tracking",
        "Node \(node): Added peer \(others[1]) to receive tracking",
        "Node \(node): Ready. Press Ctrl+C to exit.",
        "Node \(node): Sending messages every 0.2 seconds...",
        "",
      ])
    #expect(lines.suffix(4) == ["", "Node \(node): Shutting down...", "Node \(node): Goodbye!", ""])

    // Only messages are between them, and each sender's numbers have no gap.
    var last: [String: Int] = [:]
    for line in lines.dropFirst(7).dropLast(4) {
      let sent = line.wholeMatch(of: /Node (\d): Sent: "Hello from node (\d), message #(\d+)"/)
      let received = line.wholeMatch(of: /Node (\d): Received from peer \d: "Hello from node (\d), message #(\d+)"/)
      let (_, shower, sender, text) = try #require(sent?.output ?? received?.output, "\(line)")
      let number = try #require(Int(text))
      #expect(Int(shower) == node)
      #expect((sent != nil) == (Int(sender) == node))
      if sent != nil { #expect(number == last[String(sender), default: 0] + 1) }
      if let before = last[String(sender)] { #expect(number == before + 1) }
      last[String(sender)] = number
    }
    #expect(last.keys.sorted() == ["0", "1", "2"])
  }

  @Test("three simultaneous first starts make one secret")
  func oneSecret() async throws {
    let peers = try (0...2).map { try start($0) }
    var keyIDs: Set<String> = []
    for (node, peer) in peers.enumerated() {
      try await peer.waitUntilReady(node: node)
      let match = try #require(try peer.errors.firstMatch(of: /key ID ([0-9a-f]{4}-[0-9a-f]{4})/))
      keyIDs.insert(String(match.output.1))
    }
    #expect(keyIDs.count == 1)
    let path = "\(home.path)/.config/mcast-peer/secret"
    let secret = try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .newlines)
    for peer in peers {
      #expect(try peer.errors.contains("secret ~/.config/mcast-peer/secret, state ~/.local/state/mcast-peer"))
      #expect(try !peer.errors.contains(secret) && !peer.output.contains(secret))
    }
  }

  @Test("standard error says that messages are not encrypted, and warns of a short secret")
  func honesty() async throws {
    let short = try PeerProcess(["0", "-I", "lo", "-t", "0", "-g", "\(group)"], secret: "short")
    try await short.waitUntilReady(node: 0)
    #expect(try short.errors.contains("AUTHENTICATED, NOT ENCRYPTED"))
    #expect(try short.errors.contains("DTLS_MCAST_SECRET"))
    #expect(try short.errors.contains("fewer than 16 bytes"))
    #expect(try !short.errors.contains("\"short\""))
  }

  @Test("a peer ends by itself after the count, with a goodbye line")
  func count() async throws {
    let peer = try start(1, "-c", "3", "-m", "Temperature \u{1B}[31mhigh")
    #expect(try await peer.exitCode() == 0)
    let sent = try peer.lines.filter { $0.contains("Sent") }
    #expect(sent == (1...3).map { "Node 1: Sent: \"Temperature \\x1B[31mhigh, message #\($0)\"" })
    #expect(try peer.lines.suffix(3) == ["Node 1: Shutting down...", "Node 1: Goodbye!", ""])
  }

  @Test("lines appear at once when standard output is a pipe, and a closed pipe ends the peer")
  func pipe() async throws {
    let pipe = Pipe()
    let process = Process()
    process.executableURL = URL(filePath: PeerProcess.executable)
    process.arguments = ["0", "-I", "lo", "-t", "0", "-g", "\(group)", "-i", "0.05"]
    process.environment = Sanitizer.environment.merging(["HOME": home.path]) { $1 }
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    defer { kill(process.processIdentifier, SIGKILL) }
    // The process now has its own write end. With ours closed, it is the only one.
    try pipe.fileHandleForWriting.close()
    var output = ""
    while !output.contains("message #3") {
      let data = try #require(try pipe.fileHandleForReading.read(upToCount: 1))
      output += String(decoding: data, as: UTF8.self)
    }
    try pipe.fileHandleForReading.close()
    try await eventually("the end of a peer that nobody reads") { process.hasEnded }
  }

  @Test("a signal ends a peer while its output is stalled", arguments: [SIGINT, SIGTERM])
  func stalledReader(signal: Int32) async throws {
    let pipe = Pipe()
    let process = Process()
    process.executableURL = URL(filePath: PeerProcess.executable)
    process.arguments = [
      "0", "-I", "lo", "-t", "0", "-g", "\(group)", "-i", "0.001", "-m", String(repeating: "x", count: 1000),
    ]
    process.environment = Sanitizer.environment.merging(["HOME": home.path]) { $1 }
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    // Its own messages fill the pipe, and those of another peer make it print as well.
    let other = try start(1, "-i", "0.001")
    try process.run()
    defer { kill(process.processIdentifier, SIGKILL) }
    let descriptor = pipe.fileHandleForReading.fileDescriptor
    var held: CInt = -1
    while true {
      var now: CInt = 0
      try #require(ioctl(descriptor, UInt(FIONREAD), &now) == 0)
      try #require(!process.hasEnded)
      if now > 0, now == held { break }
      held = now
      try await Task.sleep(for: .milliseconds(300))
    }
    try await other.waitUntilReady(node: 1)
    kill(process.processIdentifier, signal)
    try await eventually("its end") { process.hasEnded }
    #expect(process.waitForExitStatus() == 0)
  }

  @Test("a signal ends a peer that only waits to print its table")
  func stalledTable() async throws {
    let (output, errors) = (Pipe(), Pipe())
    let process = Process()
    process.executableURL = URL(filePath: PeerProcess.executable)
    process.arguments = ["0", "-I", "lo", "-t", "0", "-g", "\(group)", "-i", "0.2", "-c", "5", "--stats"]
    process.environment = Sanitizer.environment.merging(["HOME": home.path]) { $1 }
    process.standardOutput = output
    process.standardError = errors
    // Starting the process closes our write end.
    let descriptor = dup(errors.fileHandleForWriting.fileDescriptor)
    defer { close(descriptor) }
    try process.run()
    defer { kill(process.processIdentifier, SIGKILL) }
    var text = ""
    func readUntil(_ wanted: String) throws {
      while !text.contains(wanted) {
        let data = try #require(try output.fileHandleForReading.read(upToCount: 1))
        text += String(decoding: data, as: UTF8.self)
      }
    }
    try readUntil("Ready")
    try #require(fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0)
    while write(descriptor, [UInt8](repeating: 0x20, count: 1000), 1000) > 0 {}
    while write(descriptor, [0x20], 1) > 0 {}
    try readUntil("Goodbye!")
    try await Task.sleep(for: .milliseconds(300))
    #expect(!process.hasEnded)
    kill(process.processIdentifier, SIGTERM)
    try await eventually("its end") { process.hasEnded }
    #expect(process.waitForExitStatus() == 0)
  }
}
