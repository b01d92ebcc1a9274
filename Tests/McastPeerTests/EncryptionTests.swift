import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Peers that encrypt")
struct EncryptionTests {
  private let group = LoopbackGroup()
  private let keys = RecordKeys.ofVectors(.pskChaCha20Poly1305)
  private let encrypted = "AUTHENTICATED AND ENCRYPTED"
  private let plain = "AUTHENTICATED, NOT ENCRYPTED"

  private func start(
    _ node: Int, _ more: String..., home: TemporaryDirectory? = nil, environment: [String: String] = [:]
  ) throws -> PeerProcess {
    try PeerProcess(
      ["\(node)", "-I", "lo", "-t", "0", "-g", "\(group.address)"] + more, home: home ?? group.home,
      secret: Vectors.shared.secret, environment: environment)
  }

  @Test("the first message of each of two members equals its vector, byte for byte", arguments: [0, 1])
  func vectors(node: Int) async throws {
    let wire = try Wire(group.address)
    let peer = try start(node, "--encrypt")
    let record = Vectors.shared[.pskChaCha20Poly1305].records[node]
    #expect(try await onThread { try wire.receive(1) } == [record.datagram])
    try await peer.waitForError(encrypted)
  }

  @Test("a peer receives the records of the vectors")
  func hears() async throws {
    for record in Vectors.shared[.pskChaCha20Poly1305].records where record.sequence < 1 << 32 {
      let peer = try start(5, "--encrypt", "--peers", "0-255", "-i", "3600")
      try await peer.waitUntilReady(node: 5)
      try Wire(group.address).send(record.datagram)
      try await peer.waitForLine(
        "Node 5: Received from peer \(record.member): \"\(escapedByTest(record.payload))\"")
      peer.signal(SIGTERM)
      #expect(try await peer.exitCode() == 0)
    }
  }

  /// The payloads of the vectors, as the command prints them.
  private func escapedByTest(_ payload: [UInt8]) -> String {
    guard payload.count == 256 else { return String(decoding: payload, as: UTF8.self) }
    return payload.map { byte in
      switch byte {
      case 9: "\\t"
      case 10: "\\n"
      case 13: "\\r"
      case UInt8(ascii: "\\"): "\\\\"
      case 0x20..<0x7F: String(UnicodeScalar(byte))
      default: "\\x" + String(format: "%02X", byte)
      }
    }.joined()
  }

  @Test("no text of three peers is visible on the wire, and the documented nonce opens every record")
  func invisible() async throws {
    let tap = try Tap(group.address)
    let text = "a message that nobody else shall read"
    let peers = try (0...2).map { try start($0, "--encrypt", "-i", "0.05", "-m", text) }
    for node in 0...2 {
      for other in 0...2 where other != node {
        try await eventually("member \(node) to hear member \(other)") {
          try peers[node].shown(from: other, text: text).count >= 5
        }
      }
      try await peers[node].waitForError(encrypted)
    }
    for peer in peers { peer.signal(SIGTERM) }
    for peer in peers { #expect(try await peer.exitCode() == 0) }
    tap.stop()
    let datagrams = tap.datagrams
    #expect(datagrams.count >= 15)
    var heard: Set<String> = []
    for datagram in datagrams {
      let record = try #require(IndependentRecord(opening: datagram, with: keys))
      #expect(datagram.count == 13 + record.payload.count + 16)
      heard.insert("\(record.member): \(String(decoding: record.payload, as: UTF8.self))")
      // No four bytes of any message appear. Chance does it once in 60 million datagrams.
      let body = String(decoding: datagram.dropFirst(13), as: UTF8.self)
      for start in 0..<text.count - 4 {
        #expect(!body.contains(text.dropFirst(start).prefix(4)))
      }
    }
    for node in 0...2 { #expect(heard.contains("\(node): \(text), message #1")) }
  }

  @Test("MCAST_PEER_ENCRYPT=1 encrypts, 0 and an empty value do not, and any other value is a usage error")
  func variable() async throws {
    for (value, note) in [("1", encrypted), ("0", plain), ("", plain)] {
      let peer = try start(1, "-c", "1", environment: ["MCAST_PEER_ENCRYPT": value])
      #expect(try await peer.exitCode() == 0)
      #expect(try peer.errors.contains(note))
    }
    let both = try start(1, "-c", "1", "--encrypt", environment: ["MCAST_PEER_ENCRYPT": "0"])
    #expect(try await both.exitCode() == 0)
    #expect(try both.errors.contains(encrypted))
    for value in ["yes", "2", "true "] {
      let peer = try start(1, "-c", "1", environment: ["MCAST_PEER_ENCRYPT": value])
      #expect(try await peer.exitCode() == 64)
      #expect(try peer.errors.contains("MCAST_PEER_ENCRYPT is '\(value)'") && peer.output == "")
    }
  }

  @Test("an encrypted message has at most 1359 bytes")
  func longest() async throws {
    let fits = String(repeating: "x", count: 1359 - ", message #1".utf8.count)
    let taken = try start(0, "--encrypt", "-c", "1", "-m", fits)
    #expect(try await taken.exitCode() == 0)
    let refused = try start(0, "--encrypt", "-c", "1", "-m", fits + "x")
    #expect(try await refused.exitCode() == 64)
    #expect(try refused.errors.contains("at most 1359"))
  }

  @Test("if only some members encrypt, both sides report it, and neither falls back")
  func mixed() async throws {
    let encrypting = try start(0, "--encrypt", "-i", "0.05")
    let plain = try start(1, "-i", "0.05")
    try await encrypting.waitForError("member 1 sends unencrypted records, from ")
    try await plain.waitForError("member 0 sends encrypted records, from ")
    for (peer, other) in [(encrypting, 1), (plain, 0)] {
      let report = try await peer.trafficReport { ($0.refused["other cipher suite"] ?? 0) >= 20 }
      #expect(report.refused["other cipher suite"] ?? 0 >= 20 && report.refused["forged"] == 0)
      #expect(try peer.shown(from: other) == [])
    }
  }

  @Test(
    "with encryption, a start without a state or in a used epoch is an error, and a given epoch causes a warning")
  func state() async throws {
    let nowhere = group.home.write("", to: "a file") + "/state"
    let refused = try start(0, "--encrypt", "--state-dir", nowhere)
    #expect(try await refused.exitCode() == 73)
    let told = try start(0, "--encrypt", "--state-dir", nowhere, "--epoch", "3", "-c", "1")
    #expect(try await told.exitCode() == 0)
    #expect(try told.errors.contains("nonces repeat") && told.errors.contains("NO STATE"))

    let first = try start(0, "--encrypt", "--epoch", "3", "-c", "1")
    #expect(try await first.exitCode() == 0)
    #expect(try first.errors.contains("nonces repeat"))
    let again = try start(0, "--encrypt", "--epoch", "3", "-c", "1")
    #expect(try await again.exitCode() == 73)
    #expect(try again.errors.contains("not later than 3") && again.output == "")
    let next = try start(0, "--encrypt", "-c", "1")
    #expect(try await next.exitCode() == 0)
    #expect(try next.errors.contains("epoch 4") && !next.errors.contains("nonces"))
  }
}
