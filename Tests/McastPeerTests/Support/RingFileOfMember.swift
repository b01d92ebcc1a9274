import Foundation
import TestSupport

/// The key ring file of one member, changed by the real command.
struct RingFileOfMember: Sendable {
  let path: String

  private let directory = TemporaryDirectory()

  /// - Parameter secrets: The secrets of the ring. The first one sends.
  init(_ secrets: String...) {
    path = directory.write(secrets.map { $0 + "\n" }.joined(), to: "ring")
  }

  /// Replaces the file atomically, since a peer may be reading it.
  func write(_ secrets: [String]) {
    let draft = directory.write(secrets.map { $0 + "\n" }.joined(), to: "draft")
    precondition(rename(draft, path) == 0, "the ring cannot be replaced")
  }

  var text: String { get throws { try String(contentsOfFile: path, encoding: .utf8) } }

  /// Runs a step of a rotation: `add` with a secret, `promote`, or `drop`.
  func rotate(_ step: String, _ secret: String? = nil) async throws {
    let input = secret.map { directory.write($0 + "\n", to: "new") } ?? "/dev/null"
    let command = try PeerProcess.run("exec \"$0\" secret rotate \(step) -k \(path) <\(input)")
    let code = try await command.exitCode()
    guard code == 0 else { throw Timeout(description: "rotate \(step): \(code), \(try command.errors)") }
  }
}

extension PeerProcess {
  /// Makes it read its key ring again, and waits for that.
  func readRingAgain() async throws {
    func count() throws -> Int { try errors.components(separatedBy: "key ring read again").count }
    let before = try count()
    signal(SIGHUP)
    try await eventually("the ring to be read") { try count() > before }
  }

  /// The key ID that it sends with, from its log line after the last reading of its ring.
  var sendingKeyID: String? {
    get throws {
      try errors.matches(of: /this member sends with key ID ([0-9a-f-]{9})/).last.map { String($0.output.1) }
    }
  }
}
