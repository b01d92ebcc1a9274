import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("mcast-peer watch")
struct WatchTests {
  private let group = LoopbackGroup()

  private func watch(_ more: [String] = [], columns: Int = 130, lines: Int = 20, environment: [String: String] = [:])
    throws -> TerminalProcess
  {
    try TerminalProcess(
      ["watch", "-I", "lo", "-t", "0", "-g", "\(group.address)"] + more, secret: Vectors.shared.secret,
      columns: columns, lines: lines, environment: environment)
  }

  @Test("the screen shows three members, a restart and a silence, and stays after Ctrl+C")
  func story() async throws {
    let watch = try watch()
    try await watch.waitForRow("no", "member", "was", "heard", "yet")
    let nodes = try (0...2).map { try group.start($0, "-i", "0.3") }
    for node in 0...2 { try await watch.waitForRow("\(node)", "up", "1") }
    #expect(watch.rows.count { $0.first == "ID" } == 1)

    nodes[1].signal(SIGTERM)
    #expect(try await nodes[1].exitCode() == 0)
    let again = try group.start(1, "-i", "0.3")
    try await watch.waitForRow("1", "restarted", "2")
    // Wait until the interval of member 2 is known.
    try await nodes[2].waitForLine("Node 2: Sent: \"Hello from node 2, message #10\"")
    nodes[2].signal(SIGTERM)
    #expect(try await nodes[2].exitCode() == 0)
    try await watch.waitForRow("2", "silent", "1")

    watch.type("\u{3}")
    #expect(try await watch.exitCode() == 0)
    let screen = watch.shown
    #expect(screen.unknown == [] && screen.isColoured)
    let rows = watch.rows
    let keyID = "\(try GroupSecret(text: Vectors.shared.secret).keyID())"
    try #require(rows.count == 20)
    let heading = screen.text[0]
    #expect(heading.hasPrefix("\(group.address) on lo, listening only, WDM-NULL-SHA256, key ID \(keyID)"))
    #expect(
      rows[2] == [
        "ID", "state", "epoch", "messages/s", "lost", "%", "last", "heard", "suite", "key", "ID", "source",
      ])
    for (row, (node, states, epoch)) in zip(
      rows[3...5], [("0", ["up"], "1"), ("1", ["restarted", "up"], "2"), ("2", ["silent"], "1")])
    {
      try #require(row.count == 10, "\(row)")
      #expect(row[0] == node && states.contains(row[1]) && row[2] == epoch && row[4] == "0.00", "\(row)")
      #expect(row[7...8] == ["WDM-NULL-SHA256", keyID] && row[9].contains(":"), "\(row)")
    }
    #expect(rows[6] == [] && rows[7] == ["refused:", "nothing"] && rows[8] == [])
    let said = rows[9...].map { $0.dropFirst().joined(separator: " ") }
    #expect(said.contains("member 1 has restarted, in epoch 2"))
    #expect(said.contains { $0.hasPrefix("warning: member 2 not heard for ") })
    _ = again
  }

  @Test("q ends the screen without Enter, and the terminal is as before")
  func quit() async throws {
    let watch = try watch()
    try await watch.waitForRow("no", "member", "was", "heard", "yet")
    try await eventually("single keys") { try !watch.modes().isCanonical }
    watch.type("xQ\n")
    try await Task.sleep(for: .milliseconds(200))
    #expect(watch.isRunning)
    watch.type("q")
    #expect(try await watch.exitCode() == 0)
    #expect(try watch.modes() == .init(isCanonical: true, echoes: true))
    #expect(!watch.shown.text.contains { $0.contains("xQ") })
  }

  @Test("members have the names of the roster, and those that are not up are counted and come first")
  func names() async throws {
    let files = TemporaryDirectory()
    let roster = files.write("0 gateway\n1 robot-1\n2\n3 spare\n", to: "roster")
    let watch = try watch(["--roster", roster], lines: 8)
    let nodes = try (0...2).map { try group.start($0, "--peers", "0-3", "-i", "0.3") }
    try await eventually("three of four") { watch.shown.text.contains("3 of 4 up") }
    try await eventually("the one that is not up first") {
      watch.rows.dropFirst(3).first?.prefix(4) == ["3", "spare", "not", "heard"]
    }
    try watch.resize(columns: 130, lines: 20)
    files.write("0 gateway\n1 robot-1\n2 robot-2\n3 spare listens\n", to: "roster")
    try await watch.waitForRow("3", "spare", "listens")
    try await eventually("three of three") { watch.shown.text.contains("3 of 3 up") }
    try await watch.waitForRow("2", "robot-2", "up")
    _ = nodes
  }

  @Test("a record of another secret is counted and reported, and adds no row")
  func forged() async throws {
    let watch = try watch()
    try await watch.waitForRow("no", "member", "was", "heard", "yet")
    let stranger = try PeerProcess(
      ["7", "--peers", "0-7", "-I", "lo", "-t", "0", "-g", "\(group.address)", "-i", "0.2"],
      secret: "quite another secret")
    try await watch.waitForRow("refused:", "forged")
    try await eventually("the warning") { watch.shown.text.contains { $0.contains("as member 7 do not authenticate") } }
    #expect(watch.rows.contains(["no", "member", "was", "heard", "yet"]))
    _ = stranger
  }

  @Test("the screen follows its size at once, with fewer columns or rows, and has no colour with NO_COLOR")
  func sizes() async throws {
    let watch = try watch(["--peers", "0-3"], environment: ["NO_COLOR": "1"])
    let nodes = try (0...1).map { try group.start($0, "-i", "0.3") }
    for node in 0...1 { try await watch.waitForRow("\(node)", "up", "1") }
    try await watch.waitForRow("3", "not", "heard")
    try watch.resize(columns: 40, lines: 12)
    try await eventually("a narrow table") {
      watch.rows.contains(["ID", "state", "messages/s", "last", "heard"])
    }
    #expect(watch.rows.count { $0.first == "ID" } == 1)
    #expect(watch.rows[3...6].map { $0.first } == ["0", "1", "2", "3"], "\(watch.shown.text)")
    try watch.resize(columns: 130, lines: 8)
    try await eventually("a low table") { watch.shown.text.contains("and 2 more: make the window higher") }
    #expect(watch.rows.contains { $0.contains("source") })
    #expect(watch.shown.unknown == [] && !watch.shown.isColoured)
    _ = nodes
  }

  @Test("with a member ID, watch takes part as that member, and hears the others")
  func takesPart() async throws {
    let watch = try watch(["2", "-i", "0.2"])
    let other = try group.start(1, "-i", "0.3")
    try await watch.waitForRow("1", "up", "1")
    try await eventually("its greetings") {
      try other.output.contains("Received from peer 2: \"Hello from node 2, message #")
    }
    #expect(watch.shown.text[0].contains("member 2 in epoch 1"))
    // Its own looped-back messages add no row.
    #expect(!watch.rows.contains { $0.first == "2" && $0.contains("up") })
  }

  @Test("if standard output is no terminal, watch prints a line for each change, without control characters")
  func plain() async throws {
    let watch = try PeerProcess(
      ["watch", "-I", "lo", "-t", "0", "-g", "\(group.address)"], secret: Vectors.shared.secret)
    try await watch.waitForError("listening only")
    let first = try group.start(0, "-i", "0.3")
    try await eventually("member 0") { try watch.output.contains(" member 0 up, epoch 1, ") }
    first.signal(SIGTERM)
    #expect(try await first.exitCode() == 0)
    let again = try group.start(0, "-i", "0.3")
    try await eventually("its restart") { try watch.output.contains(" member 0 restarted, epoch 2, ") }
    watch.signal(SIGINT)
    #expect(try await watch.exitCode() == 0)
    #expect(try !watch.output.unicodeScalars.contains { $0.properties.generalCategory == .control && $0 != "\n" })
    #expect(
      try watch.lines.filter { !$0.isEmpty }.allSatisfy { $0.wholeMatch(of: /20[-0-9]+T[:.0-9]+Z member 0 .*/) != nil })
    _ = again
  }

  @Test("without a member ID, watch makes no secret and no state, and names the command for a missing secret")
  func listensOnly() async throws {
    let home = TemporaryDirectory()
    let watch = try PeerProcess(["watch", "-I", "lo", "-g", "\(group.address)"], home: home)
    #expect(try await watch.exitCode() == 78)
    #expect(try watch.errors.contains("make one for a new group: mcast-peer secret new --write"))
    let second = try PeerProcess(
      ["watch", "-I", "lo", "-g", "\(group.address)"], home: home, secret: Vectors.shared.secret)
    try await second.waitForError("listening only")
    second.signal(SIGTERM)
    #expect(try await second.exitCode() == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: home.path) == [])
  }

  @Test("a signal ends watch while its output is stalled", arguments: [SIGINT, SIGTERM])
  func stalledReader(signal: Int32) async throws {
    let watch = try PeerProcess(
      [], secret: Vectors.shared.secret,
      // The pipe is full before watch starts, and open for reading until it has ended.
      shell: """
        mkfifo "$HOME/pipe"; exec 3<>"$HOME/pipe"
        timeout 0.5 yes >"$HOME/pipe"
        exec "$0" watch -I lo -t 0 -g \(group.address) >"$HOME/pipe"
        """)
    try await watch.waitForError("listening only")
    let node = try group.start(0, "-i", "0.2")
    try await node.waitForLine("Node 0: Sent: \"Hello from node 0, message #3\"")
    watch.signal(signal)
    #expect(try await watch.exitCode() == 0)
  }

  @Test(
    "invalid options are a usage error", arguments: [["256"], ["-i", "1"], ["--listen"], ["3", "--peers", "0-2"]])
  func usage(arguments: [String]) async throws {
    let watch = try PeerProcess(["watch", "-I", "lo"] + arguments, secret: Vectors.shared.secret)
    #expect(try await watch.exitCode() == 64)
    #expect(try watch.errors.contains("mcast-peer watch --help"))
  }
}
