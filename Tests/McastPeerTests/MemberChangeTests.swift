import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("A running group whose files change")
struct MemberChangeTests {
  private let group = makeTestGroup()
  private let home = TemporaryDirectory()
  private let secrets = ["the first secret of the group", "the second secret of the group"]

  /// A member's directory, with its secret and its roster, both real files.
  private final class Files: Sendable {
    let directory = TemporaryDirectory()

    init(_ secret: String, _ roster: String) {
      directory.write(secret + "\n", to: "secret")
      directory.write(roster, to: "roster")
    }

    func replace(_ name: String, _ text: String) {
      let draft = directory.write(text, to: "draft")
      precondition(rename(draft, "\(directory.path)/\(name)") == 0)
    }
  }

  private func start(_ node: Int, _ files: Files, _ more: String...) throws -> PeerProcess {
    try PeerProcess(
      ["\(node)", "-I", "lo", "-t", "0", "-g", "\(group)", "-k", "\(files.directory.path)/secret", "-i", "0.01"] + more,
      home: home)
  }

  @Test("a member is added to and removed from a group of three by its rosters alone: no restart, and nothing is lost")
  func roster() async throws {
    let three = "0 gateway\n1 robot-1\n2\n"
    let files = (0...3).map { _ in Files(secrets[0], three) }
    files[3].replace("roster", three + "3 newcomer\n")
    let peers = try (0...2).map { try start($0, files[$0]) }
    for (node, peer) in peers.enumerated() {
      for other in 0...2 where other != node { try await peer.waitUntilHeardByName(other) }
    }
    let newcomer = try start(3, files[3])
    try await peers[0].waitForError("member 3 at ")
    #expect(try peers[0].errors.contains("not in the roster \(files[0].directory.path)/roster"))
    for file in files[0...2] { file.replace("roster", three + "3 newcomer\n") }
    for peer in peers {
      try await peer.waitForError("member 3 (newcomer) added; members now 0-3")
      try await peer.waitForLineContaining(": Received from peer 3 (newcomer): \"Hello from node 3, message #")
    }
    for file in files[0...2] { file.replace("roster", three) }
    for peer in peers { try await peer.waitForError("member 3 (newcomer) removed; members now 0-2") }
    let count = try peers[0].output.components(separatedBy: "from peer 3 (newcomer)").count
    let sent = try newcomer.sent.count
    try await eventually("more messages of member 3") { try newcomer.sent.count > sent + 50 }
    #expect(try peers[0].output.components(separatedBy: "from peer 3 (newcomer)").count == count)

    // A roster with a fault, without this member, or none changes nothing.
    files[0].replace("roster", "0\n1\n1\n")
    try await peers[0].waitForError("the members stay as they were (0-2): line 3 of the roster")
    files[0].replace("roster", "1\n2\n")
    try await peers[0].waitForError("the members stay as they were (0-2): member ID 0 is not in the roster")
    try FileManager.default.removeItem(atPath: "\(files[0].directory.path)/roster")
    try await peers[0].waitForError("the members stay as they were (0-2): there is no roster")
    for peer in peers + [newcomer] { peer.signal(SIGTERM) }
    for peer in peers + [newcomer] { #expect(try await peer.exitCode() == 0) }
    for (node, peer) in peers.enumerated() {
      #expect(try peer.errors.contains(" received, 0 lost"), "\(node)")
      for other in 0...2 where other != node {
        let numbers = try peer.numbersByName(other)
        let (first, last) = (try #require(numbers.first), try #require(numbers.last))
        #expect(numbers == Array(first...last), "member \(other) at \(node)")
      }
    }
  }

  @Test(
    "a secret changes live by 'mv' or by the swap of a symbolic link, and nothing is lost", arguments: [false, true])
  func secret(isLinked: Bool) async throws {
    let files = (0...2).map { _ in Files(secrets[0], "0\n1\n2\n") }
    func write(_ ring: [Int], _ version: Int) throws {
      let text = ring.map { secrets[$0] + "\n" }.joined()
      for file in files {
        guard isLinked else {
          file.replace("secret", text)
          continue
        }
        let path = file.directory.path
        try FileManager.default.createDirectory(atPath: "\(path)/\(version)", withIntermediateDirectories: false)
        file.directory.write(text, to: "\(version)/secret")
        try FileManager.default.createSymbolicLink(atPath: "\(path)/next", withDestinationPath: "\(version)")
        precondition(rename("\(path)/next", "\(path)/..data") == 0)
        if version == 0 {
          try FileManager.default.removeItem(atPath: "\(path)/secret")
          try FileManager.default.createSymbolicLink(atPath: "\(path)/secret", withDestinationPath: "..data/secret")
        }
      }
    }
    if isLinked { try write([0], 0) }
    let peers = try (0...2).map { try start($0, files[$0], "--encrypt", "--new-node") }
    for (node, peer) in peers.enumerated() {
      for other in 0...2 where other != node { try await peer.waitUntilHeard(other) }
    }
    let keyIDs = try secrets.map { "\(try GroupSecret(text: $0).keyID())" }
    try write([0, 1], 1)
    for peer in peers { try await peer.waitForError("accepts \(keyIDs[0]), \(keyIDs[1])") }
    try write([1, 0], 2)
    for peer in peers {
      try await peer.waitForError("accepts \(keyIDs[1]), \(keyIDs[0])")
      try await peer.waitForError(
        "all other members were heard with key ID \(keyIDs[1]), and this peer sends with it, too")
    }
    try write([1], 3)
    for peer in peers { try await peer.waitForError("accepts \(keyIDs[1]);") }
    let sent = try peers.map { try $0.sent.count }
    try await eventually("fifty more messages of each") {
      try zip(peers, sent).allSatisfy { try $0.sent.count > $1 + 50 }
    }
    for peer in peers { peer.signal(SIGTERM) }
    for peer in peers { #expect(try await peer.exitCode() == 0) }
    for (node, peer) in peers.enumerated() {
      #expect(try peer.errors.contains(" received, 0 lost"), "\(node)")
      for other in 0...2 where other != node {
        let numbers = try peer.shown(from: other)
        let (first, last) = (try #require(numbers.first), try #require(numbers.last))
        #expect(numbers == Array(first...last), "member \(other) at \(node)")
      }
    }
  }

  @Test("--no-watch-files reads the files again on SIGHUP only")
  func unwatched() async throws {
    let files = Files(secrets[0], "0\n1\n")
    let peer = try start(0, files, "--no-watch-files")
    try await peer.waitUntilReady(node: 0)
    files.replace("roster", "0\n1\n2 late\n")
    files.replace("secret", "\(secrets[1])\n")
    // Longer than a watching peer needs.
    try await Task.sleep(for: .seconds(4))
    #expect(try !peer.errors.contains("read again"))
    peer.signal(SIGHUP)
    try await peer.waitForError("key ring read again")
    try await peer.waitForError("member 2 (late) added; members now 0-2")
  }

  @Test("--roster must name a file, and excludes --peers; the command line wins over the environment")
  func options() async throws {
    let files = Files(secrets[0], "0\n1\n")
    func run(_ arguments: [String], _ environment: [String: String] = [:]) async throws -> (code: Int32, errors: String)
    {
      let peer = try PeerProcess(
        ["0", "-I", "lo", "-t", "0", "-g", "\(group)", "-k", "\(files.directory.path)/secret", "-c", "1"] + arguments,
        home: home, environment: environment)
      return (try await peer.exitCode(), try peer.errors)
    }
    let none = try await run(["--roster", "/nowhere/roster"])
    #expect(none.code == 78 && none.errors.contains("/nowhere/roster"), "\(none)")
    let both = try await run(["--roster", "x", "--peers", "0-3"])
    #expect(both.code == 64 && both.errors.contains("exclude each other"), "\(both)")
    let beside = try await run([])
    #expect(beside.code == 0 && beside.errors.contains("roster 0-1,"), "\(beside)")
    let listed = try await run(["--peers", "0-7"], ["MCAST_PEER_ROSTER": "/nowhere/roster"])
    #expect(listed.code == 0 && listed.errors.contains("peers 0-7,"), "\(listed)")
    #expect(listed.errors.contains("warning the roster \(files.directory.path)/roster is not used"), "\(listed)")
    files.directory.write("0\n5\n", to: "other")
    let named = try await run(["--roster", "\(files.directory.path)/other"], ["MCAST_PEER_PEERS": "0-9"])
    #expect(named.code == 0 && named.errors.contains("roster 0,5,"), "\(named)")
    files.directory.write("0\n5\n", to: "roster", mode: 0o666)
    let open = try await run([])
    #expect(open.code == 77 && open.errors.contains("chmod go-w"), "\(open)")
  }
}

extension PeerProcess {
  /// The numbers of the messages of a member that the roster may name, in order.
  fileprivate func numbersByName(_ node: Int) throws -> [Int] {
    try output.split(separator: "\n").compactMap { line in
      guard line.contains("Received from peer \(node)"), let number = line.lastIndex(of: "#") else { return nil }
      return Int(line[number...].dropFirst().dropLast())
    }
  }

  fileprivate func waitUntilHeardByName(_ node: Int) async throws {
    try await eventually("member \(node)") { try numbersByName(node).count >= 3 }
  }

  fileprivate func waitForLineContaining(_ text: String) async throws {
    try await eventually(text) { try output.contains(text) }
  }
}
