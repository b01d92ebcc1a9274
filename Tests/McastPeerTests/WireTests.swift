import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

/// A stock wolfSSL C peer in epoch 1 sends records like the vectors, and opens those of independent code.
@Suite("A peer and the wire")
struct WireTests {
  private let group = makeTestGroup()
  private let keys = RecordKeys.ofVectors(.wdmNullSHA256)

  private func start(_ node: Int, _ more: String...) throws -> PeerProcess {
    try PeerProcess(
      ["\(node)", "-I", "lo", "-t", "0", "-g", "\(group)"] + more, secret: Vectors.shared.secret)
  }

  @Test("the first message of each of two members equals its vector, byte for byte", arguments: [0, 1])
  func sends(node: Int) async throws {
    let wire = try Wire(group)
    let peer = try start(node)
    let record = Vectors.shared[.wdmNullSHA256].records[node]
    #expect(try await onThread { try wire.receive(1) } == [record.datagram])
    _ = peer
  }

  @Test("a peer prints the messages of the vectors")
  func hears() async throws {
    for record in Vectors.shared[.wdmNullSHA256].records where record.sequence < 1 << 32 {
      let peer = try start(5, "--peers", "0-255", "--epoch", "\(record.epoch)", "-i", "3600")
      try await peer.waitUntilReady(node: 5)
      try Wire(group).send(record.datagram)
      try await eventually("the message of member \(record.member)") {
        try peer.output.contains("Node 5: Received from peer \(record.member): \"")
      }
      if record.epoch == .first, !record.payload.isEmpty {
        try await peer.waitForLine(
          "Node 5: Received from peer \(record.member): \"Hello from node \(record.member), message #1\"")
      }
    }
  }

  struct Killer: CustomTestStringConvertible {
    let testDescription: String
    let datagrams: [[UInt8]]

    init(_ testDescription: String, _ datagrams: [UInt8]...) {
      self.testDescription = testDescription
      self.datagrams = datagrams
    }

    init(_ testDescription: String, of type: UInt8, payload: [UInt8]) {
      var record = IndependentRecord(member: 1, sequence: 1, payload: payload)
      record.type = type
      self.init(testDescription, record.sealed(.ofVectors(.wdmNullSHA256)))
    }

    init(_ testDescription: String, times: Int, _ datagram: [UInt8]) {
      self.testDescription = testDescription
      datagrams = Array(repeating: datagram, count: times)
    }
  }

  @Test(
    "datagrams that silence the C example for good do not affect a peer",
    arguments: [
      Killer("the forged 13 bytes with a length below the tag's", bytes("17fefd00010100000010010000")),
      Killer("12 bytes, to be joined to the next datagram", bytes("17fefd000101000000000100")),
      Killer("an empty datagram", []),
      Killer("a record longer than the read buffer", oversized(1401), oversized(2000), oversized(65_507)),
      Killer("100 records with a wrong version", times: 100, wrongVersion),
      Killer("an authenticated warning alert", of: 21, payload: [1, 0]),
      Killer("an authenticated fatal alert", of: 21, payload: [2, 20]),
      Killer("an authenticated handshake record", of: 22, payload: [0] + [UInt8](repeating: 0, count: 11)),
      Killer("an authenticated ChangeCipherSpec", of: 20, payload: [1]),
      Killer("an authenticated record of no known type", of: 99, payload: [1, 2, 3]),
      Killer("a length of 65535", bytes("17fefd0001010000000001ffff") + [UInt8](repeating: 0, count: 40)),
    ])
  func killers(killer: Killer) async throws {
    let peer = try start(0, "-i", "3600")
    try await peer.waitUntilReady(node: 0)
    let wire = try Wire(group)
    let before = try peer.processorTime

    try wire.send(IndependentRecord(member: 1, sequence: 0, text: "before").sealed(keys))
    for datagram in killer.datagrams { try wire.send(datagram) }
    for sequence in 2...12 as ClosedRange<UInt64> {
      try wire.send(IndependentRecord(member: 1, sequence: sequence, text: "after \(sequence)").sealed(keys))
    }
    try wire.send(IndependentRecord(member: 2, sequence: 0, text: "from another").sealed(keys))

    try await peer.waitForLine("Node 0: Received from peer 1: \"before\"")
    for sequence in 2...12 { try await peer.waitForLine("Node 0: Received from peer 1: \"after \(sequence)\"") }
    try await peer.waitForLine("Node 0: Received from peer 2: \"from another\"")
    // A loop that spins would use this second up.
    try await Task.sleep(for: .seconds(1))
    #expect(try peer.processorTime - before < 0.3)
    #expect(try peer.lines.count { $0.contains("Received") } == 13)
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)
  }

  @Test("control sequences in a message are escaped")
  func hostilePayload() async throws {
    let peer = try start(0, "-i", "3600")
    try await peer.waitUntilReady(node: 0)
    let payload = Array("\u{1B}]0;owned\u{7}\nNode 0: Goodbye!".utf8) + [0xFF]
    try Wire(group).send(IndependentRecord(member: 1, payload: payload).sealed(keys))
    try await peer.waitForLine("Node 0: Received from peer 1: \"\\x1B]0;owned\\x07\\nNode 0: Goodbye!\\xFF\"")
  }
}

private func oversized(_ count: Int) -> [UInt8] {
  bytes("17fefd0001010000000001") + [UInt8((count - 13) >> 8), UInt8((count - 13) & 0xFF)]
    + [UInt8](repeating: 7, count: count - 13)
}

private let wrongVersion: [UInt8] = {
  var record = IndependentRecord(member: 1, sequence: 1, text: "another version")
  record.version = [0xFE, 0xFF]
  return record.sealed(.ofVectors(.wdmNullSHA256))
}()
