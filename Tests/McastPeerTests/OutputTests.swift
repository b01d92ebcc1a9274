import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Output and exit codes for scripts")
struct OutputTests {
  private let group = LoopbackGroup()

  @Test("raw output has the payloads alone, and everything else goes to standard error")
  func raw() async throws {
    let receiver = try await group.startReceiver(1, ["-o", "raw", "--stats"])
    let sender = try group.start(0, "-c", "2", "-i", "0.01", "-m", "a\u{1B}b", "-o", "raw")
    #expect(try await sender.exitCode() == 0)
    try await receiver.waitForLine("a\u{1B}b, message #2")
    receiver.signal(SIGINT)
    #expect(try await receiver.exitCode() == 0)
    #expect(try receiver.output == "a\u{1B}b, message #1\na\u{1B}b, message #2\n")
    #expect(try sender.output == "")
    #expect(try receiver.errors.contains("dropped by the kernel: 0"))
  }

  @Test("a peer that listens sends nothing")
  func listens() async throws {
    let wire = try Wire(group.address)
    let receiver = try await group.startReceiver(1, ["--deadline", "1"])
    #expect(try await receiver.exitCode() == 0)
    try Wire(group.address).send([1, 2, 3])
    // The first datagram in the group must be our own.
    #expect(try await onThread { try wire.receive(1) } == [[1, 2, 3]])
    #expect(try receiver.output.contains("Node 1: Listening...\n\n\nNode 1: Shutting down..."))
  }

  @Test("a deadline ends a peer, with exit code 1 if fewer messages arrived than expected")
  func deadline() async throws {
    let start = ContinuousClock.now
    let receiver = try group.start(1, "--listen", "--deadline", "60", "--expect", "3", "-o", "json")
    try await receiver.waitForError("TTL 0, peers ")
    let sender = try group.start(0, "-i", "0.1", "--deadline", "3", "-o", "json")
    #expect(try await sender.exitCode() == 0)
    #expect(try sender.output.contains("\"reason\":\"deadline\""))
    #expect(try await receiver.exitCode() == 0)
    #expect(try receiver.output.contains("\"reason\":\"expected\",\"received\":3,"))
    let alone = try group.start(2, "--listen", "--deadline", "0.3", "--expect", "2")
    #expect(try await alone.exitCode() == 1)
    #expect(try alone.errors.hasSuffix(" error received 0 of 2 expected messages (see --expect and --deadline)\n"))
    #expect(ContinuousClock.now - start >= .seconds(3))
  }

  @Test(
    "a sending peer continues after the expected messages, and checks their number at its end",
    arguments: [(2, 0), (1_000_000, 1)])
  func expects(count: Int, code: Int32) async throws {
    let other = try group.start(1, "-i", "0.01")
    try await other.waitUntilReady(node: 1)
    let peer = try group.start(0, "-i", "0.05", "-c", "60", "--expect", "\(count)")
    #expect(try await peer.exitCode() == code)
    #expect(other.isRunning)
    #expect(try peer.sent.count == 60)
  }

  @Test("a signal before the expected messages causes exit code 1")
  func interrupted() async throws {
    let peer = try await group.startReceiver(1, ["--expect", "5"])
    peer.signal(SIGINT)
    #expect(try await peer.exitCode() == 1)
  }

  @Test("a reader that goes away ends the peer at once and quietly, also without messages", arguments: ["text", "raw"])
  func closed(output: String) async throws {
    let peer = try PeerProcess(
      ["1", "-I", "lo", "-t", "0", "-g", "\(group.address)", "--listen", "-o", output], home: group.home,
      secret: Vectors.shared.secret, shell: "{ \"$0\" \"$@\"; echo code $? >&2; } | sleep 0.7")
    #expect(try await peer.exitCode() == 0)
    try await peer.waitForError("code 0\n")
    #expect(try peer.errors.split(separator: "\n").filter { !$0.contains(" info ") } == ["code 0"])
  }

  /// Runs a command to its end with standard output or standard error in a pipe without a reader.
  private func runUnread(_ arguments: String, stream: Int, secret: String? = nil) async throws -> PeerProcess {
    // The pipe has a reader only while it is opened.
    let pipe = "mkfifo $HOME/pipe; exec 3<>$HOME/pipe 4>$HOME/pipe 3>&-; rm $HOME/pipe; exec"
    let process = try PeerProcess(
      [], secret: secret, shell: "\(pipe) \"$0\" \(arguments) \(stream)>&4 4>&-")
    _ = try await process.exitCode()
    return process
  }

  @Test(
    "a reader that is gone ends each command quietly",
    arguments: [
      "--help", "--version", "help secret", "help doctor", "secret", "secret new", "secret new --write $HOME/ring",
      "secret id", "watch --help", "watch -I lo -g GROUP", "doctor -I lo -g GROUP --wait 600",
      "doctor -I lo -g GROUP -o json --wait 600",
      "0 -I lo -t 0 -g GROUP -c 1", "0 -I lo -t 0 -g GROUP -o json -c 1", "--generate-completion-script bash",
    ])
  func unread(arguments: String) async throws {
    let command = arguments.replacing("GROUP", with: "\(group.address)")
    let process = try await runUnread(command, stream: 1, secret: "a secret of some length")
    let errors = try process.errors.split(separator: "\n").filter { !$0.contains(" info ") }
    #expect(try await process.exitCode() == 0 && errors == [], "\(errors)")
  }

  @Test("a ring is changed also if its output has no reader")
  func unreadChange() async throws {
    let ring = RingFileOfMember(Vectors.shared.secret)
    for step in ["add <<X\nanother secret of some length\nX", "promote"] {
      let words = step.split(separator: " ", maxSplits: 1).map(String.init)
      let pipe = "mkfifo $HOME/pipe; exec 3<>$HOME/pipe 4>$HOME/pipe 3>&-; rm $HOME/pipe"
      let rest = words.count > 1 ? words[1] : ""
      let process = try PeerProcess(
        [], shell: "\(pipe); \"$0\" secret rotate \(words[0]) -k '\(ring.path)' >&4 4>&- \(rest)")
      #expect(try await process.exitCode() == 0)
      #expect(try process.errors == "")
    }
    let content = try String(contentsOfFile: ring.path, encoding: .utf8)
    #expect(content == "another secret of some length\n\(Vectors.shared.secret)\n")
  }

  @Test(
    "an error without a reader keeps its exit code",
    arguments: [("256", 64), ("0 -I nope9", 69), ("secret id -k /none", 78), ("doctor 3", 64), ("secret nope", 64)])
  func unreadError(arguments: String, code: Int32) async throws {
    #expect(try await runUnread(arguments, stream: 2, secret: "a secret of some length").exitCode() == code)
  }

  @Test("a warning without a reader does not stop a command")
  func unreadWarning() async throws {
    let process = try await runUnread("secret id", stream: 2, secret: "short")
    #expect(try await process.exitCode() == 0)
    #expect(try process.output.contains("  sends, and is accepted\n"))
  }

  @Test(
    "every command reports a full disk",
    arguments: ["--help", "--version", "secret --help", "secret id", "doctor -I lo --wait 0.1"])
  func fullDiskOfAll(arguments: String) async throws {
    let process = try PeerProcess(
      [], secret: "a secret of some length", shell: "exec \"$0\" \(arguments) >/dev/full")
    #expect(try await process.exitCode() == 71)
    #expect(try process.errors.contains("cannot write to standard output: No space left on device"))
  }

  @Test("a full disk ends a listening peer with an error", arguments: ["text", "json", "raw"])
  func fullDisk(output: String) async throws {
    let peer = try PeerProcess(
      ["1", "-I", "lo", "-t", "0", "-g", "\(group.address)", "--listen", "-o", output], home: group.home,
      secret: Vectors.shared.secret, shell: "exec \"$0\" \"$@\" >/dev/full")
    if output == "raw" {
      try await peer.waitForError("peers 0-2")
      _ = try await group.startListener(0)
    }
    #expect(try await peer.exitCode() == 71)
    #expect(try peer.errors.contains("cannot write to standard output: No space left on device"))
  }

  @Test("output not read by the deadline is an error")
  func stalledReader() async throws {
    let expected = 2000
    let peer = try PeerProcess(
      [
        "1", "-I", "lo", "-t", "0", "-g", "\(group.address)", "--listen", "-o", "raw", "--deadline", "4", "--expect",
        "\(expected)",
      ], home: group.home, secret: Vectors.shared.secret, shell: "{ \"$0\" \"$@\"; echo code $? >&2; } | sleep 20")
    try await peer.waitForError("peers 0-2")
    let sender = try group.start(
      0, "--rate", "20000", "-c", "\(expected)", "-o", "raw", "-m", String(repeating: "x", count: 1000))
    #expect(try await sender.exitCode() == 0)
    // The code is 71, or 1 if fewer messages arrived than expected.
    try await peer.waitForError("code ")
    #expect(try peer.errors.contains("code 71\n") || peer.errors.contains("code 1\n"))
    if try peer.errors.contains("code 71\n") { #expect(try peer.errors.contains("its end is missing")) }
  }

  @Test("an interface or a source named twice counts once")
  func twice() async throws {
    let peer = try group.start(
      1, "--listen", "-I", "127.0.0.1", "--source", "192.0.2.7", "--source", "192.0.2.7", "-o", "json", "--deadline",
      "0.1")
    #expect(try await peer.exitCode() == 0)
    #expect(try peer.events("start").first?.interfaces == ["lo"])
  }

  @Test("a standard stream closed at the start is an error", arguments: ["<&-", ">&-"])
  func closedAtStart(redirection: String) async throws {
    let peer = try PeerProcess(
      ["1", "-I", "lo", "-t", "0", "-g", "\(group.address)", "--stdin"], home: group.home,
      secret: Vectors.shared.secret, shell: "exec \"$0\" \"$@\" \(redirection)")
    #expect(try await peer.exitCode() == 71)
    #expect(try peer.errors.contains("Bad file descriptor"))
  }

  @Test("a reader that stops reading ends the peer, and its state is released")
  func head() async throws {
    let sender = try group.start(0, "-i", "0.05")
    try await sender.waitUntilReady(node: 0)
    let peer = try PeerProcess(
      ["1", "-I", "lo", "-t", "0", "-g", "\(group.address)", "--listen", "-o", "raw"], home: group.home,
      secret: Vectors.shared.secret, shell: "\"$0\" \"$@\" | head -n 3")
    #expect(try await peer.exitCode() == 0)
    #expect(try peer.lines.count == 4)
    // Another peer can start with this ID.
    let next = try await group.startReceiver(1, [])
    next.signal(SIGINT)
    #expect(try await next.exitCode() == 0)
  }
}
