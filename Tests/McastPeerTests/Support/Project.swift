import Foundation
import TestSupport

/// The files of this project.
enum Project {
  static let root = URL(filePath: #filePath).appending(path: "../../../..").standardized

  static func text(of path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// The committed schema of the `-o json` output.
  static var eventSchema: [String: Any] {
    get throws {
      let json = try JSONSerialization.jsonObject(with: Data(text(of: "docs/events.schema.json").utf8))
      return json as? [String: Any] ?? [:]
    }
  }

  /// Checks lines against a committed schema with an independent validator.
  ///
  /// - Returns: The number of lines for each event or verdict.
  static func validate(_ lines: String, schema: String = "docs/events.schema.json") async throws -> [String: Int] {
    let directory = TemporaryDirectory()
    let path = directory.write(lines, to: "lines")
    let validator = try PeerProcess(
      [], shell: "exec '\(root.path)/scripts/validate-events' '\(root.path)/\(schema)' <\(path)")
    let code = try await validator.exitCode()
    guard code == 0 else { throw Timeout(description: "\(try validator.errors) in\n\(lines)") }
    return try validator.lines.reduce(into: [:]) { counts, line in
      let words = line.split(separator: " ")
      if words.count == 2 { counts[String(words[0])] = Int(words[1]) }
    }
  }
}
