import Foundation
import TestSupport

extension PeerProcess {
  /// The numbers of the messages that it has printed from a member, in order.
  func shown(from node: Int, text: String? = nil) throws -> [Int] {
    try shown(text)[node] ?? []
  }

  /// As above, for all members.
  func shown(_ text: String? = nil) throws -> [Int: [Int]] {
    var numbers: [Int: [Int]] = [:]
    for line in try output.split(separator: "\n") {
      // Node 0: Received from peer 1: "Hello from node 1, message #1"
      let words = line.split(separator: " ", maxSplits: 6)
      guard words.count == 7, words[2] == "Received", let node = Int(words[5].dropLast()) else { continue }
      let start = "\"\(text ?? "Hello from node \(node)"), message #"
      if words[6].hasPrefix(start), let number = Int(words[6].dropFirst(start.count).dropLast()) {
        numbers[node, default: []].append(number)
      }
    }
    return numbers
  }

  /// Waits until it has printed some messages of a member. The first numbers may be missing, if the member started
  /// earlier.
  func waitUntilHeard(_ node: Int, count: Int = 3) async throws {
    try await eventually("\(count) messages of member \(node)") { try shown(from: node).count >= count }
  }

  /// The numbers of the messages that it has sent.
  var sent: [Int] {
    get throws {
      // Node 1: Sent: "Hello from node 1, message #1"
      try output.split(separator: "\n").compactMap { line in
        guard line.contains(": Sent: \""), let number = line.lastIndex(of: "#") else { return nil }
        return Int(line[number...].dropFirst().dropLast())
      }
    }
  }

  /// Its resident memory, in kilobytes. Source: proc(5), VmRSS.
  var residentKilobytes: Int {
    get throws {
      let status = try String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8)
      return status.firstMatch(of: /VmRSS:\s+(\d+) kB/).flatMap { Int($0.output.1) } ?? 0
    }
  }

  /// True once it ignores or handles a signal, so that the signal does not kill it.
  func handles(_ signal: Int32) throws -> Bool { isHandled(signal, by: identifier) }
}

/// True if a process ignores or handles a signal. Source: proc(5), SigIgn and SigCgt.
func isHandled(_ signal: Int32, by process: Int32) -> Bool {
  guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8) else { return false }
  return status.matches(of: /Sig(Ign|Cgt):\s+([0-9a-f]+)/).contains {
    (UInt64($0.output.2, radix: 16) ?? 0) >> (signal - 1) & 1 == 1
  }
}
