import Foundation
import TestSupport

@testable import MulticastDTLS

/// A group of a test's own on loopback. Its peers have the vectors' secret, and keep their state in one HOME.
struct LoopbackGroup: Sendable {
  let address = makeTestGroup()
  let home = TemporaryDirectory()
  let keys = RecordKeys.ofVectors(.wdmNullSHA256)

  func start(_ node: Int, _ more: String...) throws -> PeerProcess {
    try PeerProcess(
      ["\(node)", "-I", "lo", "-t", "0", "-g", "\(address)"] + more, home: home, secret: Vectors.shared.secret)
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
