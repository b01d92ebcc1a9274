import Foundation
import FoundationXML
import TestSupport
import Testing

@testable import mcast_bench

/// Runs the built command with the smallest plan. The measured figures are not checked.
@Suite("The benchmark command")
struct SmokeTests {
  @Test("the command measures each cell of its plan, reports lost messages, and draws a chart")
  func smoke() async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "mcast-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let (json, svg) = (directory.appending(path: "bench.json"), directory.appending(path: "bench.svg"))
    let run = try await run(["--smoke", "--json", json.path, "--svg", svg.path])
    #expect(run.code == 0)
    #expect(run.output.contains("lost"))

    let report = try JSONDecoder().decode(Report.self, from: Data(contentsOf: json))
    #expect(Set(report.cells.map(\.cell)) == Set(Plan.smoke.groups.flatMap(\.cells)))
    #expect(Set(report.memory.map(\.cell)) == Set(Plan.smoke.groups.flatMap(\.memoryCells)))
    for cell in report.cells {
      #expect(cell.rounds.count == 1)
      for round in cell.rounds {
        #expect(round.sent > 0)
        #expect(round.lost == round.sent * cell.cell.receivers - round.delivered)
        #expect((round.latency != nil) == (cell.cell.isTimed && round.delivered > 0))
      }
    }
    let text = try String(contentsOf: svg, encoding: .utf8)
    #expect(XMLParser(data: Data(text.utf8)).parse())
    #expect(text.contains(report.date) && text.contains(report.machine.wolfSSL))
    let host = ProcessInfo.processInfo.hostName
    #expect(!text.contains(directory.path) && (host == "localhost" || !text.contains(host)))
  }

  @Test(
    "unknown arguments are a usage error",
    arguments: ["--rounds=0", "--nonsense", "soak --minutes=0", "soak --suite=x"])
  func usage(arguments: String) async throws {
    #expect(try await run(arguments.split(separator: " ").map(String.init)).code == 64)
  }

  private func run(_ arguments: [String]) async throws -> (code: Int32, output: String) {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let process = Process()
    process.executableURL = URL(filePath: tests).deletingLastPathComponent().appending(path: "mcast-bench")
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    return (process.waitForExitStatus(), String(decoding: text, as: UTF8.self))
  }
}
