import MulticastDTLS

/// The statistics as a text table: a row for each member with counters, then the silent members and the totals.
struct StatisticsTable {
  private let statistics: Statistics
  private let members: Members
  private let own: MemberID

  /// The reasons with a column. The others have no single member, or concern our own ID.
  private static let columns: [(title: String, reason: RejectionReason)] = [
    ("replayed", .replayed), ("forged", .forged), ("stale epoch", .staleEpoch), ("overrun", .overrun),
  ]

  /// - Parameters:
  ///   - members: The members of the group.
  ///   - own: This member's ID.
  init(_ statistics: Statistics, of members: Members, at own: MemberID) {
    self.statistics = statistics
    self.members = members
    self.own = own
  }

  /// The datagrams that the kernel dropped: an estimate, since the kernel counts batches.
  static func dropped(_ statistics: Statistics) -> String {
    let batches = statistics.batchesDroppedByKernel
    guard batches > 0 else { return "0" }
    return "about \(statistics.droppedByKernel) datagram\(statistics.droppedByKernel == 1 ? "" : "s"), in \(batches) "
      + (batches == 1 ? "batch" : "batches")
  }

  /// The table, without a newline at its end.
  var text: String {
    let hasNames = members.roster.hasNames
    let others = members.all.without(own)
    let titles =
      ["member"] + (hasNames ? ["name"] : []) + ["key ID", "received", "lost", "reordered"] + Self.columns.map(\.title)
    var rows = [titles]
    var unheard: [MemberID] = []
    for member in others {
      guard let counts = statistics.members[member] else {
        unheard.append(member)
        continue
      }
      rows.append(
        ["\(member)"] + (hasNames ? [members.roster.name(of: member) ?? "-"] : [])
          + [
            counts.keyID.map { "\($0)" } ?? "-", "\(counts.received)", "\(counts.lost)",
            "\(counts.reordered)",
          ]
          + Self.columns.map { "\(counts.rejected[$0.reason] ?? 0)" })
    }
    let widths = titles.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    var lines = rows.map { row in
      zip(row, widths).map { String(repeating: " ", count: $1 - $0.count) + $0 }.joined(separator: "  ")
    }
    unheard.removeAll { members.roster.listeners.contains($0) }
    if !unheard.isEmpty { lines.append("nothing from: \(members.named(MemberSet(unheard)))") }
    let reasons = RejectionReason.allCases.map { "\($0.rawValue) \(statistics.rejected[$0] ?? 0)" }
    lines.append("refused, of all: " + reasons.joined(separator: ", "))
    lines.append("dropped by the kernel: \(Self.dropped(statistics))")
    return lines.joined(separator: "\n")
  }
}
