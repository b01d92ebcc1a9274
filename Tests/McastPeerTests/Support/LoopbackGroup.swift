import Foundation
import TestSupport

@testable import MulticastDTLS

/// A test's own group on loopback. Its peers have the vectors' secret and keep their state in one HOME.
struct LoopbackGroup: Sendable {
  let address = makeTestGroup()
  let home = TemporaryDirectory()
  let keys = RecordKeys.ofVectors(.wdmNullSHA256)

  /// Marks the vectors' secret as made here, so that an encrypting member starts as new.
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

  /// A peer with the output of a shell line as its standard input.
  func start(_ node: Int, _ more: [String], input: String, environment: [String: String] = [:]) throws -> PeerProcess {
    // Not a pipeline, since signals and waits must reach the peer itself.
    let shell = "mkfifo $HOME/$$; { \(input); } >$HOME/$$ & exec \"$0\" \"$@\" <$HOME/$$"
    return try PeerProcess(
      ["\(node)", "-I", "lo", "-t", "0", "-g", "\(address)"] + more, home: home, secret: Vectors.shared.secret,
      environment: environment, shell: shell)
  }

  /// A peer that only receives. Returns when it is ready.
  func startReceiver(_ node: Int, _ more: [String]) async throws -> PeerProcess {
    let peer = try PeerProcess(
      ["\(node)", "-I", "lo", "-t", "0", "-g", "\(address)", "--listen"] + more, home: home,
      secret: Vectors.shared.secret)
    try await peer.waitForError("TTL 0, peers ")
    // It has joined by then, and handles signals a moment later.
    try await eventually("signals to be handled") { try peer.handles(SIGINT) || !peer.isRunning }
    return peer
  }

  /// A peer that sends one message at its start and listens from then on.
  func startListener(_ node: Int, _ more: String...) async throws -> PeerProcess {
    let peer = try PeerProcess(
      ["\(node)", "-I", "lo", "-t", "0", "-g", "\(address)", "-i", "3600"] + more, home: home,
      secret: Vectors.shared.secret)
    try await peer.waitForLine("Node \(node): Sent: \"Hello from node \(node), message #1\"")
    return peer
  }
}
