import Foundation
import TestSupport
import Testing

/// promtool, the checker of Prometheus: in the PATH, or as `scripts/setup test` fetched it.
enum Promtool {
  private static let path: String? = {
    let directories = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    return (directories + [Project.root.appending(path: ".build/tools").path]).map { "\($0)/promtool" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  static var isInstalled: Bool { path != nil }

  /// Runs it, and fails with its output unless it finds no fault.
  ///
  /// - Parameter input: Its standard input.
  static func run(_ arguments: String, input: String = "") async throws {
    let directory = TemporaryDirectory()
    let file = directory.write(input, to: "input")
    let tool = try PeerProcess([], shell: "exec '\(try #require(path))' \(arguments) <\(file)")
    let code = try await tool.exitCode()
    let (output, errors) = (try tool.output, try tool.errors)
    // `check metrics` exits with 3 for a matter of style.
    #expect(code == 0 && errors == "", "promtool \(arguments): \(code)\n\(output)\(errors)\n\(input)")
  }
}
