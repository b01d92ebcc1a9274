import Foundation
import TestSupport
import Testing

@Suite("Sending standard input")
struct StandardInputTests {
  private let group = LoopbackGroup()

  @Test("each line arrives as a message, byte for byte, and the peer ends with its input")
  func lines() async throws {
    let receiver = try await group.startReceiver(1, ["-o", "raw", "--expect", "5"])
    let sender = try group.start(0, ["--stdin"], input: "printf 'one\\n two \\000\\377\\r\\n3\\nfour\\nno newline'")
    #expect(try await sender.exitCode() == 0)
    #expect(
      try sender.lines.dropFirst(7) == [
        "Node 0: Sent: \"one\"", "Node 0: Sent: \" two \\x00\\xFF\\r\"", "Node 0: Sent: \"3\"",
        "Node 0: Sent: \"four\"", "Node 0: Sent: \"no newline\"", "", "Node 0: Shutting down...", "Node 0: Goodbye!",
        "",
      ])
    #expect(try await receiver.exitCode() == 0)
    #expect(try receiver.outputBytes == Data("one\n two \0".utf8) + [0xFF] + Data("\r\n3\nfour\nno newline\n".utf8))
  }

  @Test(
    "empty lines are skipped, one warning at the end counts them, and the others arrive",
    arguments: [
      ("\\none\\n\\n\\n\\n\\ntwo\\n", "skipped 5 empty lines of standard input, the first at line 1: "),
      ("one\\n\\ntwo", "skipped 1 empty line of standard input, the first at line 2: "),
    ])
  func empty(input: String, warning: String) async throws {
    let receiver = try await group.startReceiver(1, ["-o", "raw", "--expect", "2"])
    let sender = try group.start(0, ["--stdin"], input: "printf '\(input)'")
    #expect(try await sender.exitCode() == 0)
    #expect(try await receiver.exitCode() == 0)
    #expect(try receiver.output == "one\ntwo\n")
    let warnings = try sender.errors.split(separator: "\n").filter { $0.contains("empty") }
    #expect(warnings.count == 1 && warnings[0].contains(warning), "\(warnings)")
  }

  @Test("a peer that a count or a signal ends also counts the empty lines", arguments: [["--count", "2"], []])
  func emptyUntilStopped(more: [String]) async throws {
    // The shell that writes the input may outlive the test by ten seconds.
    let input = "printf 'one\\n\\n\\ntwo\\n'; exec sleep 10"
    let sender = try group.start(0, ["--stdin"] + more, input: input)
    try await sender.waitForLine("Node 0: Sent: \"two\"")
    if more.isEmpty { sender.signal(SIGTERM) }
    #expect(try await sender.exitCode() == 0)
    #expect(try sender.errors.contains("skipped 2 empty lines of standard input, the first at line 2: "))
  }

  @Test(
    "too long lines are skipped with an error and exit code 65, and the longest valid line and the others arrive",
    arguments: [(["--listen"], 1343), (["--listen", "--encrypt"], 1359)])
  func tooLong(more: [String], limit: Int) async throws {
    let encrypt = Array(more.dropFirst())
    let receiver = try await group.startReceiver(1, ["-o", "raw", "--expect", "3"] + encrypt)
    let input =
      "awk 'BEGIN { x = sprintf(\"%\(limit)s\", \"x\"); print \"a\"; print x; print x \"y\"; print x x; print \"b\" }'"
    let sender = try group.start(0, ["--stdin"] + encrypt, input: input)
    #expect(try await sender.exitCode() == 65)
    #expect(try await receiver.exitCode() == 0)
    #expect(try receiver.output == "a\n" + String(repeating: " ", count: limit - 1) + "x\nb\n")
    let errors = try sender.errors
    #expect(errors.contains("line 3 of standard input has \(limit + 1) bytes"), "\(errors)")
    #expect(errors.contains("line 4 of standard input has \(2 * limit) bytes"), "\(errors)")
    let last =
      "skipped 2 lines of standard input, the first at line 3: a message carries at most \(limit) bytes"
    #expect(errors.hasSuffix(" error \(last) (see --stdin)\n"), "\(errors)")
    #expect(try sender.output.contains("Node 0: Sent: \"b\"\n\nNode 0: Shutting down"))
  }

  @Test("with --datagram, the whole input is one message, and raw output has exactly its bytes")
  func datagram() async throws {
    let receiver = try await group.startReceiver(1, ["-o", "raw", "--datagram", "--expect", "1"])
    let sender = try group.start(0, ["--stdin", "--datagram"], input: "printf 'one\\n\\ntwo\\n'")
    #expect(try await sender.exitCode() == 0)
    #expect(try await receiver.exitCode() == 0)
    #expect(try receiver.output == "one\n\ntwo\n")
  }

  @Test(
    "with --datagram, an empty or too long input is an error with exit code 65, and nothing is sent",
    arguments: [("true", "standard input is empty"), ("head -c 5000 /dev/zero", "standard input has 5000 bytes")])
  func datagramRefused(input: String, hint: String) async throws {
    let sender = try group.start(0, ["--stdin", "--datagram"], input: input)
    #expect(try await sender.exitCode() == 65)
    #expect(try sender.errors.contains(hint))
    #expect(try !sender.output.contains("Sent"))
  }

  @Test("an empty input sends no message")
  func nothing() async throws {
    let sender = try group.start(0, ["--stdin"], input: "true")
    #expect(try await sender.exitCode() == 0)
    #expect(try !sender.output.contains("Sent"))
  }

  // The shell that writes the input may outlive the test by ten seconds.
  @Test("a line is sent at once while the input stays open, and a signal ends the peer")
  func slowly() async throws {
    let receiver = try await group.startReceiver(1, [])
    let input = "echo first; sleep 0.3; printf 'sec'; sleep 0.3; echo ond; exec sleep 10"
    let sender = try group.start(0, ["--stdin"], input: input)
    try await receiver.waitForLine("Node 1: Received from peer 0: \"first\"")
    try await receiver.waitForLine("Node 1: Received from peer 0: \"second\"")
    sender.signal(SIGTERM)
    #expect(try await sender.exitCode() == 0)
    #expect(try sender.output.hasSuffix("Node 0: Sent: \"second\"\n\nNode 0: Shutting down...\nNode 0: Goodbye!\n"))
  }

  @Test("a rate causes backpressure: the peer reads little ahead")
  func backPressure() async throws {
    let written = TemporaryDirectory()
    // The number of each chunk is written once the pipe has taken the chunk.
    let input =
      "for i in $(seq 100); do head -c 20000 /dev/zero | tr '\\000' x | fold -w 100; echo $i >\(written.path)/n; done"
    let sender = try group.start(0, ["--stdin", "--rate", "10", "-o", "raw"], input: input)
    try await sender.waitForError("peers 0-2")
    try await Task.sleep(for: .seconds(2))
    let taken = try #require(Int(String(contentsOfFile: "\(written.path)/n", encoding: .utf8).dropLast()))
    // A pipe has 65,536 bytes, as many are read at a time, and the tools between have some.
    #expect(taken < 20)
    #expect(sender.isRunning)
    sender.signal(SIGINT)
    #expect(try await sender.exitCode() == 0)
  }

  @Test("a rate and a count also apply to lines")
  func rate() async throws {
    let start = ContinuousClock.now
    let sender = try group.start(0, ["--stdin", "--rate", "20", "-c", "11", "-o", "json"], input: "seq 100")
    #expect(try await sender.exitCode() == 0)
    #expect(ContinuousClock.now - start >= .milliseconds(500))
    #expect(try sender.lines.count { $0.hasPrefix("{\"event\":\"sent\"") } == 11)
    #expect(try sender.output.contains("\"reason\":\"count\""))
  }

  @Test("unreadable input is an error")
  func unreadable() async throws {
    let peer = try PeerProcess(
      ["0", "-I", "lo", "-t", "0", "-g", "\(group.address)", "--stdin"], home: group.home,
      secret: Vectors.shared.secret, shell: "exec \"$0\" \"$@\" </")
    #expect(try await peer.exitCode() == 71)
    #expect(try peer.errors.contains("cannot read standard input: Is a directory"))
  }
}
