import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("A member's state as text")
struct MemberStateTests {
  private let node = "9ab7-6d2d 0"
  private let state = MemberState(
    epoch: .first, isComplete: true, group: "239.255.0.1:12345",
    heard: [1: ReplayPosition(epoch: .first, next: 4021), 255: ReplayPosition(epoch: .last, next: 1 << 32)])

  private func text(of state: MemberState, for node: String? = nil) -> String {
    SealedText(lines: state.lines(for: node ?? self.node)).text
  }

  private func read(_ text: String) throws -> MemberState {
    try MemberState(SealedText(text).lines, for: node)
  }

  @Test("a written state reads back the same")
  func roundTrip() throws {
    let everyone = (0...255).map { (MemberID(rawValue: $0), ReplayPosition(epoch: .last, next: 1 << 32)) }
    for state in [state, MemberState(), MemberState(epoch: .last, heard: Dictionary(uniqueKeysWithValues: everyone))] {
      #expect(try read(text(of: state)) == state)
    }
  }

  @Test("a state is readable text")
  func text() {
    #expect(
      text(of: state).hasPrefix(
        "mcast-peer state 2\nnode 9ab7-6d2d 0\ngroup 239.255.0.1:12345\nepoch 1\ncomplete\nheard 1 1 4021\n"
          + "heard 255 65535 4294967296\ncheck "))
  }

  @Test("a state of version 1 is read, and is complete if it has an epoch")
  func former() throws {
    let lines = ["mcast-peer state 1", "node \(node)", "epoch 7", "heard 1 3 4021"]
    let heard = [MemberID(rawValue: 1): ReplayPosition(epoch: try Epoch(3), next: 4021)]
    #expect(try read(SealedText(lines: lines).text) == MemberState(epoch: Epoch(7), isComplete: true, heard: heard))
    // Without an epoch, the secret was accepted but never sent with, so the state is incomplete.
    #expect(
      try read(SealedText(lines: lines.filter { !$0.hasPrefix("epoch") }).text)
        == MemberState(epoch: nil, isComplete: false, heard: heard))
  }

  @Test("a truncated state is corrupt")
  func truncated() {
    let text = text(of: state)
    for count in 0..<text.count {
      #expect(throws: SealedText.Corrupt.self) { try read(String(text.prefix(count))) }
    }
  }

  @Test("a state with any flipped bit is corrupt")
  func flipped() {
    let bytes = Array(text(of: state).utf8)
    for index in bytes.indices {
      for bit in 0..<8 {
        var flipped = bytes
        flipped[index] ^= 1 << UInt8(bit)
        #expect(throws: SealedText.Corrupt.self) { try read(String(decoding: flipped, as: UTF8.self)) }
      }
    }
  }

  @Test("the state of another member or secret is corrupt", arguments: ["9ab7-6d2d 1", "9ab7-6d2e 0"])
  func another(node other: String) {
    let error = #expect(throws: SealedText.Corrupt.self) { try read(text(of: state, for: other)) }
    #expect(error?.description.contains("another member's") == true)
  }

  @Test(
    "an impossible line is corrupt, even with a good checksum",
    arguments: [
      "epoch 0", "epoch 65536", "epoch", "epoch 1 2", "epoch +1", "heard 256 1 1", "heard 1 0 1", "heard 1 1 0",
      "heard 1 1 4294967297", "heard 1 1", "heard 1 1 1 1", "heard 7 1 1\nheard 7 1 1", "nonsense", "",
      "heard 1 1 99999999999999999999", "complete 1", "complete ", "group", "group ", "group a b",
    ])
  func impossible(line: String) {
    let lines =
      ["mcast-peer state 2", "node \(node)"]
      + line.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(throws: SealedText.Corrupt.self) { try read(SealedText(lines: lines).text) }
  }
}
