import Foundation
import SystemPackage
import TestSupport

@testable import MulticastDTLS

/// A test's own group on loopback, signed or not, whose members have fixed identities and one roster.
struct SignedGroup: Sendable {
  let address = makeTestGroup()
  let home = TemporaryDirectory()
  let isSigned: Bool
  let suite: CipherSuite
  let secret = Vectors.shared.secret

  /// - Parameters:
  ///   - isSigned: False for the same group without signatures.
  ///   - members: The members with a line in the roster.
  init(isSigned: Bool = true, suite: CipherSuite = .wdmNullSHA256, members: ClosedRange<UInt8> = 0...2) throws {
    (self.isSigned, self.suite) = (isSigned, suite)
    for member in members { writeIdentity(signer(member), to: "identity-\(member)") }
    writeRoster(members.map { line($0) })
    try MarkFile(
      in: StateDirectory(path: FilePath("\(home.path)/.local/state/mcast-peer")),
      keyID: GroupSecret(text: secret).keyID()
    ).make()
  }

  var keys: RecordKeys { RecordKeys(secret: secret, suite) }
  var roster: String { "\(home.path)/roster" }

  func identity(_ member: UInt8) -> String { "\(home.path)/identity-\(member)" }

  /// The signer of a member, and another one of it.
  func signer(_ member: UInt8, next: Bool = false) -> IndependentSigner {
    IndependentSigner(seed: [next ? 1 : 0] + [UInt8](repeating: member, count: 31), secret: secret, suite)
  }

  /// The line of a member in a roster.
  func line(_ member: UInt8, next: Bool = false) -> String {
    "\(member) ed25519 \(signer(member, next: next).publicText) robot-\(member)"
  }

  func writeIdentity(_ signer: IndependentSigner, to name: String) {
    let draft = home.write(
      "ed25519-seed \(Data(signer.seed).base64EncodedString())\n", to: "\(name).draft", mode: 0o600)
    precondition(rename(draft, "\(home.path)/\(name)") == 0)
  }

  func writeRoster(_ lines: [String]) {
    let draft = home.write(lines.joined(separator: "\n") + "\n", to: "roster.draft", mode: 0o644)
    precondition(rename(draft, roster) == 0)
  }

  func start(_ node: Int, _ more: [String]) throws -> PeerProcess {
    let signing = isSigned ? ["--sign", "--identity", identity(UInt8(node))] : []
    let encrypting = suite.isEncrypted ? ["--encrypt"] : []
    return try PeerProcess(
      ["\(node)", "-I", "lo", "-t", "0", "-g", "\(address)", "--roster", roster] + signing + encrypting + more,
      home: home, secret: secret)
  }
}

extension PeerProcess {
  /// The numbers of the messages with a text that it has printed from a member of a group with names.
  func numbers(from node: Int, text: String? = nil) throws -> [Int] {
    let start = ": Received from peer \(node) (robot-\(node)): \"\(text ?? "Hello from node \(node)"), message #"
    return try output.split(separator: "\n").compactMap { line in
      guard let range = line.firstRange(of: start) else { return nil }
      return Int(line[range.upperBound...].dropLast())
    }
  }

  /// Waits until it has printed more messages of a member.
  func waitForMore(from node: Int, _ count: Int = 5, text: String? = nil) async throws {
    let before = try numbers(from: node, text: text).count
    try await eventually("\(count) more messages of member \(node)") {
      try numbers(from: node, text: text).count >= before + count
    }
  }
}
