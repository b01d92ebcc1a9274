import Foundation
import TestSupport

@testable import MulticastDTLS

/// A group of a test's own on loopback. Its peers have the vectors' secret, and keep their state in one HOME.
struct LoopbackGroup: Sendable {
  let address = makeTestGroup()
  let home = TemporaryDirectory()
  let keys = RecordKeys.ofVectors(.wdmNullSHA256)

  /// Notes that the vectors' secret was made where the state is kept: so a node that encrypts is new.
  init() {
    // swift-format-ignore: NeverUseForceTry
    try! MarkFile(
      in: StateDirectory(path: "\(home.path)/.local/state/mcast-peer"), keyID: KeyID("9ab7-6d2d")
    ).make()
  }

  func start(_ node: Int, _ more: String...) throws -> PeerProcess {
    try PeerProcess(
      ["\(node)", "-I", "lo", "-t", "0", "-g", "\(address)"] + more, home: home, secret: Vectors.shared.secret)
  }

  /// A peer whose standard input is what a line of shell prints.
  func start(_ node: Int, _ more: [String], input: String, environment: [String: String] = [:]) throws -> PeerProcess {
    // No pipeline: the process that is signalled and waited for must be the peer.
    let shell = "mkfifo $HOME/$$; { \(input); } >$HOME/$$ & exec \"$0\" \"$@\" <$HOME/$$"
    return try PeerProcess(
      ["\(node)", "-I", "lo", "-t", "0", "-g", "\(address)"] + more, home: home, secret: Vectors.shared.secret,
      environment: environment, shell: shell)
  }

  /// A peer that receives only, and is ready.
  func startReceiver(_ node: Int, _ more: [String]) async throws -> PeerProcess {
    let peer = try PeerProcess(
      ["\(node)", "-I", "lo", "-t", "0", "-g", "\(address)", "--listen"] + more, home: home,
      secret: Vectors.shared.secret)
    try await peer.waitForError("TTL 0, peers ")
    // It has joined by then; a signal ends it in order a moment later.
    try await eventually("signals to be handled") { try peer.handles(SIGINT) || !peer.isRunning }
    return peer
  }

  /// A peer that says one thing at its start and listens from then on.
  func startListener(_ node: Int, _ more: String...) async throws -> PeerProcess {
    let peer = try PeerProcess(
      ["\(node)", "-I", "lo", "-t", "0", "-g", "\(address)", "-i", "3600"] + more, home: home,
      secret: Vectors.shared.secret)
    try await peer.waitForLine("Node \(node): Sent: \"Hello from node \(node), message #1\"")
    return peer
  }
}
