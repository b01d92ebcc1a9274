import Foundation
import TestSupport

@testable import mcast_peer

/// The result of `mcast-peer status`.
struct StatusResult {
  let code: Int32
  let output: String
  let errors: String

  /// The parsed document.
  var report: StatusReport {
    get throws { try StatusReport(json: Array(output.utf8)) }
  }

  /// The member of the document with this ID.
  func member(_ id: Int) throws -> StatusReport.Member? {
    try report.members.first { Int($0.member.rawValue) == id }
  }
}

extension PeerProcess {
  /// The result of this `mcast-peer status`, once it has ended.
  func statusResult() async throws -> StatusResult {
    StatusResult(code: try await exitCode(), output: try output, errors: try errors)
  }
}

extension LoopbackGroup {
  /// The directory of the states of its peers.
  var states: String { "\(home.path)/.local/state/mcast-peer" }

  /// Starts `mcast-peer status`, which listens to the group.
  func startStatus(_ more: String...) throws -> PeerProcess {
    try PeerProcess(
      ["status", "-I", "lo", "-t", "0", "-g", "\(address)"] + more, home: home, secret: Vectors.shared.secret)
  }

  /// Asks a running peer of the group.
  func ask(_ node: Int, _ more: String...) async throws -> StatusResult {
    try await PeerProcess(["status", "--of", "\(node)"] + more, home: home).statusResult()
  }
}
