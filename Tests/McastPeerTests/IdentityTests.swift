import Foundation
import TestSupport
import Testing

@Suite("Two peers with the same ID on one host")
struct IdentityTests {
  private let group = LoopbackGroup()

  @Test("the second peer does not start and names the first process, and the first continues")
  func second() async throws {
    let first = try group.start(0, "-i", "0.05")
    try await first.waitUntilReady(node: 0)
    let second = try group.start(0, "-i", "0.05")
    #expect(try await second.exitCode() == 73)
    let errors = try second.errors
    #expect(errors.contains("process \(first.identifier) "), "\(errors)")
    #expect(errors.split(separator: "\n").count == 1, "\(errors)")
    #expect(try second.output == "")
    let before = try first.sent.count
    try await eventually("the first to go on") { try first.sent.count >= before + 3 }

    // The process holds the ID, and not a file that it leaves behind.
    first.signal(SIGKILL)
    #expect(try await first.exitCode() == -SIGKILL)
    try await group.start(0).waitUntilReady(node: 0)
  }
}

@Suite(
  "Two peers with the same ID on two hosts",
  .enabled(if: Namespace.isAvailable && Namespace.canBridge, "needs ip(8), a network namespace and a bridge"))
struct TwoHostsTests {
  /// The number of earlier starts of the second peer, and its message.
  struct Case: CustomTestStringConvertible {
    let testDescription: String
    let starts: Int
    let message: [String]
  }

  @Test(
    "both peers report each other's address once, and a third peer reports the alternating addresses",
    arguments: [
      Case(testDescription: "same age and text", starts: 0, message: []),
      Case(testDescription: "different texts", starts: 0, message: ["-m", "something else"]),
      Case(testDescription: "one with earlier starts", starts: 3, message: []),
    ], Family.all)
  func told(twins: Case, family: Family) async throws {
    let network = try Rig(family)
    let secret = "the same secret on all hosts"
    func start(_ node: Int, on host: Int, home: TemporaryDirectory? = nil, _ more: [String] = []) throws -> PeerProcess
    {
      try PeerProcess(
        ["\(node)", "-I", "lan", "-i", "0.2", "-g", family.group] + more, home: home, secret: secret,
        namespace: network.hosts[host])
    }
    let home = TemporaryDirectory()
    for _ in 0..<twins.starts {
      #expect(try await start(1, on: 1, home: home, ["-c", "1"]).exitCode() == 0)
    }
    let third = try start(0, on: 2)
    try await third.waitUntilReady(node: 0)
    let twin = [try start(1, on: 0), try start(1, on: 1, home: home, twins.message)]
    for (index, node) in twin.enumerated() {
      let other = network.source(of: 1 - index)
      // The peer that is ahead has another text, since the records may be old ones of its own.
      try await eventually("\(network.address(of: index)) to be told") {
        try told(of: other, by: node, isCertain: true) + told(of: other, by: node, isCertain: false) > 0
      }
    }
    try await eventually("the third to be told") {
      let line = try third.errors.split(separator: "\n").first { $0.contains("alternate as member 1") } ?? ""
      return (0...1).allSatisfy { line.contains(network.source(of: $0)) }
    }
    // It is not reported again after ten seconds either, as most other events are.
    let before = try twin.map { try $0.sent.count }
    for (node, before) in zip(twin, before) {
      try await eventually("twelve seconds of messages") { try node.sent.count >= before + 60 }
    }
    // A record that is surely of another process, and one that may be a repeated one, have a line each.
    for (index, node) in twin.enumerated() {
      for isCertain in [true, false] {
        #expect(try told(of: network.source(of: 1 - index), by: node, isCertain: isCertain) <= 1)
      }
    }
  }

  /// The number of lines in which a peer reports that an address uses its ID.
  private func told(of source: String, by node: PeerProcess, isCertain: Bool) throws -> Int {
    try node.errors.split(separator: "\n").count {
      isCertain
        ? $0.contains("another process, at \(source)") && $0.contains("uses our member ID 1")
        : $0.contains(source) && $0.contains("sends with our member ID 1: another process has it too")
    }
  }
}
