import Foundation
import TestSupport
import Testing

@Suite("Nonces")
struct NonceTests {
  @Test("no nonce is used twice across 20 restarts, half of them after SIGKILL, and 3 rotations")
  func neverTwice() async throws {
    let group = LoopbackGroup()
    let secrets = ["the first secret of the group", "the second secret of the group"]
    let file = RingFileOfMember(secrets[0])
    let tap = try Tap(group.address)
    var sent = 0
    /// Runs member 0 until it has sent some messages, changes something, and waits for more messages.
    func run(_ change: (PeerProcess) async throws -> Void) async throws {
      let peer = try PeerProcess(
        ["0", "-I", "lo", "-t", "0", "-g", "\(group.address)", "-i", "0.002", "--encrypt", "-k", file.path]
          + (sent == 0 ? ["--new-node"] : []),
        home: group.home)
      try await eventually("messages") { try peer.sent.count >= 10 }
      try await change(peer)
      let before = try peer.sent.count
      try await eventually("messages") { try peer.sent.count >= before + 10 }
      peer.signal(sent % 2 == 0 ? SIGKILL : SIGTERM)
      sent += 1
      _ = try await peer.exitCode()
    }
    for number in 0..<21 {
      try await run { peer in
        // Rotate to the second key, back to the first, and to the second again.
        guard [5, 11, 16].contains(number) else { return }
        let new = number == 11 ? 0 : 1
        try await file.rotate("add", secrets[new])
        try await peer.readRingAgain()
        try await file.rotate("promote")
        try await peer.readRingAgain()
        try await file.rotate("drop")
        try await peer.readRingAgain()
      }
    }
    tap.stop()
    let keys = secrets.map { RecordKeys(secret: $0, .pskChaCha20Poly1305) }
    let datagrams = tap.datagrams
    let runs = try #require(try await onThread { RecordRun.runs(in: datagrams, keys: keys) })
    // One run for each start, and one for each rotation.
    #expect(runs.count == 24)
    #expect(Set(runs.map(\.nonces)).count == 24)
    #expect(runs.allSatisfy { $0.sequences.lowerBound == 0 })
    #expect(runs.map(\.key).reduce(into: [Int]()) { if $0.last != $1 { $0.append($1) } } == [0, 1, 0, 1])
    // Check all records, not only the ends of each run.
    let opened = try await onThread {
      var seen: Set<[UInt8]> = []
      for run in runs {
        for place in run.places where IndependentRecord(opening: datagrams[place], with: keys[run.key])?.member == 0 {
          seen.insert([UInt8(run.key)] + datagrams[place][3..<11])
        }
      }
      return seen.count
    }
    #expect(opened == datagrams.count)
  }
}
