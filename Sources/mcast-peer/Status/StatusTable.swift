import CommonSupport
import MulticastDTLS

/// A report as text: a heading, the totals, a row for each member, and the rejected datagrams. Pure.
struct StatusTable {
  let report: StatusReport

  private struct Column: Sendable {
    let title: String
    var isText = false
    let cell: @Sendable (StatusReport.Member) -> String
  }

  private static let columns = [
    Column(title: "ID") { "\($0.member)" },
    Column(title: "name", isText: true) { $0.name?.visible ?? "" },
    Column(title: "state", isText: true) { state(of: $0) },
    Column(title: "epoch") { $0.epoch.map { "\($0)" } ?? "-" },
    Column(title: "received") { "\($0.received)" },
    Column(title: "lost") { "\($0.lost)" },
    Column(title: "messages/s") { FormattedRow.rate($0.rate) },
    Column(title: "last heard") { $0.age.map { FormattedRow.time($0) } ?? "-" },
    Column(title: "suite", isText: true) { row in
      row.suite.map { FormattedRow.protection($0, row.isSigning) } ?? "-"
    },
    Column(title: "key ID", isText: true) { $0.keyID.map { "\($0)" } ?? "-" },
    Column(title: "source", isText: true) { $0.source?.visible ?? "-" },
  ]

  /// The lines, without a newline at the end.
  var text: String {
    let keys = report.keyIDs.map(\.description).joined(separator: ", ")
    let interfaces = report.interfaces.joined(separator: ", ").visible
    var lines = [
      "\(report.group.visible) on \(interfaces), \(FormattedRow.protection(report.suite, report.isSigned)), key ID \(keys)",
      "\(observer): \(totals)",
      report.members.isEmpty ? "no member was heard" : "\(upCount) of \(senderCount) members up",
    ]
    if !report.members.isEmpty { lines += [""] + memberLines }
    if !drops.isEmpty { lines += ["", "refused: \(drops.joined(separator: ", "))"] }
    lines += unusableFiles.isEmpty ? [] : [""] + unusableFiles
    return lines.joined(separator: "\n")
  }

  private var observer: String {
    let time = FormattedRow.time(report.time)
    guard let peer = report.peer else { return "listened for \(time)" }
    return "member \(peer.member)\(peer.epoch.map { " in epoch \($0)" } ?? ", listening only"), up for \(time)"
  }

  private var totals: String {
    (report.peer.map { "sent \($0.sent), " } ?? "") + "received \(report.received), lost \(report.lost)"
  }

  private var senderCount: Int { report.members.count { $0.state != .listens } }
  private var upCount: Int { report.members.count(where: \.state.isUp) }

  private var unusableFiles: [String] {
    report.unusableFiles.map { "the \($0.key.rawValue) on disk cannot be used: \($0.value.visible)" }.sorted()
  }

  private var memberLines: [String] {
    let columns = Self.columns.filter { column in
      column.title != "name" || report.members.contains { $0.name != nil }
    }
    let rows = [columns.map(\.title)] + report.members.map { member in columns.map { $0.cell(member) } }
    let widths = columns.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = columns.indices.map { index in
        let blanks = String(repeating: " ", count: widths[index] - row[index].count)
        return columns[index].isText ? row[index] + blanks : blanks + row[index]
      }
      let line = cells.joined(separator: "  ")
      return String(line.prefix(line.count - line.reversed().prefix { $0 == " " }.count))
    }
  }

  private static func state(of member: StatusReport.Member) -> String {
    switch member.state {
    case .notHeard: "not heard"
    case .rejected: "rejected: \(member.reason.map(words) ?? "unknown reason")"
    case .up, .restarted, .quiet, .silent, .listens: member.state.rawValue
    }
  }

  /// A rejection as the state of a member.
  private static func words(_ reason: RejectionReason) -> String {
    switch reason {
    case .forged: "another secret"
    case .otherSuite: "other cipher suite"
    case .unknownMember: "no member of the group"
    case .unsigned: "not signed"
    case .noKey: "no fitting key"
    default: reason.rawValue
    }
  }

  /// The rejected and dropped datagrams by reason. Own messages, looped back by multicast, are normal.
  private var drops: [String] {
    let reasons = RejectionReason.allCases.filter { $0 != .own }.compactMap { reason in
      report.rejected[reason].map { "\(reason.rawValue) \($0)" }
    }
    let batches = report.batchesDroppedByKernel
    let kernel = batches > 0 ? ["dropped by the kernel about \(report.droppedByKernel)"] : []
    return reasons + kernel
  }
}
