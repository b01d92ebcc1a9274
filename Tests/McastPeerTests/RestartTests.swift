import Foundation
import TestSupport
import Testing

@Suite("A node that is killed and started again")
struct RestartTests {
  private let group = LoopbackGroup()

  @Test("fifty times in a row: two others hear its first message each time, and say that it restarted, but seldom")
  func fifty() async throws {
    let listeners = [1: try await group.startListener(1), 2: try await group.startListener(2)]
    let start = ContinuousClock.now
    for number in 0...50 {
      let node = try group.start(0, "-i", "3600", "-m", "start \(number)")
      for (id, listener) in listeners {
        try await listener.waitForLine("Node \(id): Received from peer 0: \"start \(number), message #1\"")
      }
      node.signal(SIGKILL)
      #expect(try await node.exitCode() == -SIGKILL)
    }
    for listener in listeners.values {
      try await listener.waitForError("node 0 has restarted")
      let said = try listener.errors.components(separatedBy: "node 0 has restarted").count - 1
      #expect(said <= 1 + Int((ContinuousClock.now - start) / .seconds(10)))
      #expect(try listener.lines.count { $0.contains("Received from peer 0") } == 51)
    }
  }
}
