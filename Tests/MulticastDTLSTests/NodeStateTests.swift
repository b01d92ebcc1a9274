import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("A node's state as text")
struct NodeStateTests {
  private let node = "9ab7-6d2d 0"
  private let state = NodeState(
    epoch: .first,
    heard: [1: Position(epoch: .first, next: 4021), 255: Position(epoch: .last, next: 1 << 32)])

  @Test("what is written is read")
  func roundTrip() throws {
    let everyone = (0...255).map { (MemberID(rawValue: $0), Position(epoch: .last, next: 1 << 32)) }
    for state in [state, NodeState(), NodeState(epoch: .last, heard: Dictionary(uniqueKeysWithValues: everyone))] {
      #expect(try NodeState(state.encoded(for: node), for: node) == state)
    }
  }

  @Test("it is text that a person can read")
  func text() {
    #expect(
      state.encoded(for: node).hasPrefix(
        "mcast-peer state 1\nnode 9ab7-6d2d 0\nepoch 1\nheard 1 1 4021\nheard 255 65535 4294967296\ncheck "))
  }

  @Test("no part of a state is taken for a state")
  func truncated() {
    let text = state.encoded(for: node)
    for count in 0..<text.count {
      #expect(throws: NodeState.Corrupt.self) { try NodeState(String(text.prefix(count)), for: node) }
    }
  }

  @Test("a bit that has flipped is noticed, whichever it is")
  func flipped() {
    let bytes = Array(state.encoded(for: node).utf8)
    for index in bytes.indices {
      for bit in 0..<8 {
        var flipped = bytes
        flipped[index] ^= 1 << UInt8(bit)
        #expect(throws: NodeState.Corrupt.self) { try NodeState(String(decoding: flipped, as: UTF8.self), for: node) }
      }
    }
  }

  @Test("another node's state is not taken", arguments: ["9ab7-6d2d 1", "9ab7-6d2e 0"])
  func another(node other: String) {
    let error = #expect(throws: NodeState.Corrupt.self) { try NodeState(state.encoded(for: other), for: node) }
    #expect(error?.description.contains("another node's") == true)
  }

  @Test(
    "what cannot be is refused, even with a good checksum",
    arguments: [
      "epoch 0", "epoch 65536", "epoch", "epoch 1 2", "epoch +1", "heard 256 1 1", "heard 1 0 1", "heard 1 1 0",
      "heard 1 1 4294967297", "heard 1 1", "heard 1 1 1 1", "heard 7 1 1\nheard 7 1 1", "nonsense", "",
      "heard 1 1 99999999999999999999",
    ])
  func impossible(line: String) {
    let text = NodeState.sealed("mcast-peer state 1\nnode \(node)\n\(line)\n")
    #expect(throws: NodeState.Corrupt.self) { try NodeState(text, for: node) }
  }
}
