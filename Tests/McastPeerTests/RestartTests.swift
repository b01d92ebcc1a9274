import Foundation
import TestSupport
import Testing

@Suite("Members that are killed and restarted")
struct RestartTests {
  private let group = LoopbackGroup()

  @Test("two peers hear the first message after each of fifty restarts, and report the restarts in few lines")
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
      try await listener.waitForError("member 0 has restarted")
      let said = try listener.errors.components(separatedBy: "member 0 has restarted").count - 1
      #expect(said <= 1 + Int((ContinuousClock.now - start) / .seconds(10)))
      #expect(try listener.lines.count { $0.contains("Received from peer 0") } == 51)
    }
  }
}
