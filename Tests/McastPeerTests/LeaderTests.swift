import Foundation
import MulticastDTLS
import TestSupport
import Testing

@Suite("The leader example")
struct LeaderTests {
  private let group = LoopbackGroup()

  private func start(_ member: Int, in namespace: Namespace? = nil) throws -> PeerProcess {
    try PeerProcess(
      ["\(member)", "\(group.address)", "lo"], executable: PeerProcess.built("leader"), home: group.home,
      secret: Vectors.shared.secret, namespace: namespace)
  }

  /// Waits until a line is the last output of all robots.
  private func wait(for robots: [PeerProcess], toSay line: String) async throws {
    for robot in robots {
      do {
        try await eventually("'\(line)'") { try robot.output.hasSuffix("\(line)\n") }
      } catch {
        throw Timeout(description: "\(error) in\n\(try robot.output)\n\(try robot.errors)")
      }
    }
  }

  @Test("member 0 leads, then member 1 when 0 has ended, and 0 again when it is back", arguments: [SIGKILL, SIGTERM])
  func succession(signal: Int32) async throws {
    let others = [try start(1), try start(2)]
    var first = try start(0)
    try await wait(for: others + [first], toSay: "member 0 leads")

    first.signal(signal)
    #expect(try await first.exitCode() == (signal == SIGKILL ? -SIGKILL : 0))
    try await wait(for: others, toSay: "member 1 leads")

    first = try start(0)
    try await wait(for: others + [first], toSay: "member 0 leads")
    for robot in others + [first] {
      robot.signal(SIGINT)
      #expect(try await robot.exitCode() == 0)
    }
  }

  @Test(
    "a robot without a network reports that nobody leads, and leads again when the network is back",
    .enabled(if: Namespace.isAvailable, "needs ip(8) and the right to make a network namespace"))
  func away() async throws {
    let namespace = try Namespace()
    let robot = try start(0, in: namespace)
    try await wait(for: [robot], toSay: "member 0 leads")
    try namespace.run("ip link set lo down")
    try await wait(for: [robot], toSay: "nobody leads")
    try await robot.waitForError("nobody hears this robot: ")
    try namespace.run("ip link set lo up")
    try await wait(for: [robot], toSay: "member 0 leads")
    robot.signal(SIGINT)
    #expect(try await robot.exitCode() == 0)
  }

  @Test("the heartbeats of a robot are encrypted")
  func heartbeat() async throws {
    let configuration = MulticastPeer.Configuration(
      member: nil, peers: MemberSet(0...255), group: group.address, suite: .pskChaCha20Poly1305, interface: loopback,
      state: nil)
    let listener = try MulticastPeer(configuration, keys: KeyRing(GroupSecret(text: Vectors.shared.secret)))
    let robot = try start(7)
    try await eventually("three heartbeats") { listener.statistics.received >= 3 }
    for await message in listener.messages.prefix(3) {
      #expect(message.sender == 7)
      #expect(message.payload == Array("I am here".utf8))
    }
    robot.signal(SIGINT)
    #expect(try await robot.exitCode() == 0)
  }

  @Test(
    "invalid arguments are errors that name the argument",
    arguments: [
      ([], "usage: leader <member> [<group> [<interface>]]", EX_USAGE),
      (["x"], "'x' is not a member ID", EXIT_FAILURE),
      (["0", "10.0.0.1"], "10.0.0.1 is not a multicast address", EXIT_FAILURE),
      (["0", "239.255.0.1", "nope"], "there is no interface 'nope'", EXIT_FAILURE),
    ])
  func errors(arguments: [String], error: String, code: Int32) async throws {
    let robot = try PeerProcess(arguments, executable: PeerProcess.built("leader"))
    #expect(try await robot.exitCode() == code)
    #expect(try robot.errors.contains(error))
    #expect(try robot.output.isEmpty)
  }
}
