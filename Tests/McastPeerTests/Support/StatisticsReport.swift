import Foundation
import TestSupport

/// A peer's printed table of statistics, parsed.
struct StatisticsReport: Equatable {
  /// For each member with a line, its columns by title.
  let nodes: [Int: [String: Int]]
  /// The printed key ID that each member with a line sends with.
  let keyIDs: [Int: String]
  /// The numbers of rejected datagrams, by the name of the reason.
  let refused: [String: Int]
  let droppedByKernel: Int

  /// The messages received from all members.
  var received: Int { nodes.values.reduce(0) { $0 + ($1["received"] ?? 0) } }

  /// All datagrams: received, rejected and dropped by the kernel.
  var total: Int { received + refused.values.reduce(0, +) + droppedByKernel }

  /// Parses the last table in a text; nil if there is no complete one.
  init?(_ text: String) {
    let lines = text.components(separatedBy: "\n").dropLast()
    guard let start = lines.lastIndex(where: { $0.hasPrefix("member  ") }) else { return nil }
    let titles = lines[start].components(separatedBy: "  ").map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
    var nodes: [Int: [String: Int]] = [:]
    var keyIDs: [Int: String] = [:]
    var refused: [String: Int] = [:]
    var dropped: Int?
    for line in lines[(start + 1)...] {
      let cells = line.split(separator: " ")
      let numbers = cells.compactMap { Int($0) }
      if let match = line.wholeMatch(of: /dropped by the kernel: (?:about )?(\d+).*/) {
        dropped = Int(match.output.1)
        break
      } else if line.hasPrefix("refused, of all: ") {
        for match in line.dropFirst("refused, of all: ".count).matches(of: /([^,]+?) (\d+)(, |$)/) {
          refused[String(match.output.1)] = Int(match.output.2)
        }
      } else if cells.count == titles.count, numbers.count == titles.count - 1 {
        nodes[numbers[0]] = Dictionary(
          uniqueKeysWithValues: zip(titles.filter { $0 != "key ID" }, numbers).dropFirst())
        keyIDs[numbers[0]] = String(cells[1])
      }
    }
    guard let dropped else { return nil }
    (self.nodes, self.keyIDs, self.refused, droppedByKernel) = (nodes, keyIDs, refused, dropped)
  }
}

extension PeerProcess {
  /// Requests a table, and waits for it.
  func trafficReport() async throws -> StatisticsReport {
    func count() throws -> Int { try errors.components(separatedBy: "dropped by the kernel: ").count }
    let before = try count()
    signal(SIGUSR1)
    var report: StatisticsReport?
    try await eventually("a table") {
      report = try count() > before ? StatisticsReport(errors) : nil
      return report != nil
    }
    guard let report else { throw Timeout(description: "no table") }
    return report
  }

  /// Requests tables until one meets the condition. Returns the last one, also if it does not.
  func trafficReport(when isDone: (StatisticsReport) -> Bool) async throws -> StatisticsReport {
    // A number of attempts and not a time, since on a busy machine the test may wait longer than the peer.
    for _ in 0..<300 {
      let report = try await trafficReport()
      if isDone(report) { return report }
      try await Task.sleep(for: .milliseconds(100))
    }
    return try await trafficReport()
  }
}
