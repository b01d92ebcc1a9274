import MulticastDTLS

/// Lays out the table of members for a screen of a given size. Pure.
///
/// A narrow screen drops columns, the least important first. A low screen drops rows and lines, and shows their number.
/// No line is wider than the screen.
struct WatchScreen {
  /// The width in characters.
  let columns: Int
  /// The height in characters.
  let lines: Int
  /// True to colour the states.
  let isColoured: Bool

  /// The most log lines at the bottom.
  private static let tailLines = 6

  private struct Column {
    let title: String
    /// The column with the lowest rank is dropped first.
    let rank: Int
    let isText: Bool
    let cell: (FormattedRow) -> String
  }

  /// A line, with the range of its coloured characters.
  private struct Line {
    var text: String
    var colour: (state: MemberTable.State, start: Int, count: Int)?
  }

  private static func allColumns(_ suite: CipherSuite, hasNames: Bool) -> [Column] {
    [Column(title: "ID", rank: 10, isText: false) { "\($0.row.member)" }]
      + (hasNames ? [Column(title: "name", rank: 8, isText: true) { $0.row.name ?? "-" }] : [])
      + [
        Column(title: "state", rank: 9, isText: true) { $0.row.state.rawValue },
        Column(title: "epoch", rank: 5, isText: false, cell: \.epoch),
        Column(title: "messages/s", rank: 6, isText: false, cell: \.rate),
        Column(title: "lost %", rank: 4, isText: false, cell: \.loss),
        Column(title: "last heard", rank: 7, isText: false, cell: \.age),
        Column(title: "suite", rank: 1, isText: true) { $0.protection(suite) },
        Column(title: "key ID", rank: 2, isText: true, cell: \.keyID),
        Column(title: "source", rank: 3, isText: true, cell: \.source),
      ]
  }

  /// The lines of the screen. Each fits the width, so that the terminal never wraps one.
  ///
  /// - Parameters:
  ///   - heading: The first line: group, interfaces, suite and key IDs.
  ///   - log: The log lines, oldest first.
  func text(of table: MemberTable, suite: CipherSuite, heading: String, log: [String]) -> [String] {
    let rows = table.rows
    let bottom = dropLines(table.drops).prefix(max(1, lines / 3))
    // Four lines: heading, count, titles, and a blank line after the table.
    var room = lines - 4 - bottom.count
    // The log has the room that the members leave, and at most half of it if there are many. A blank line is before it.
    let tailRoom = max(room / 2, room - max(1, rows.count)) - 1
    let tail = log.flatMap(folded).suffix(max(0, min(Self.tailLines, lines / 3, tailRoom)))
    if !tail.isEmpty { room -= tail.count + 1 }
    var shown = rows[...]
    var rest: [Line] = []
    if rows.isEmpty {
      rest = [Line(text: "no member was heard yet")]
    } else if rows.count > room {
      room = max(0, room - 1)
      // Members that need attention come first.
      let isFine = { (row: MemberTable.Row) in [.up, .listens].contains(row.state) }
      shown = (rows.filter { !isFine($0) } + rows.filter(isFine)).prefix(room)
      rest = [Line(text: "and \(rows.count - shown.count) more: make the window higher")]
    }
    let senders = rows.filter { $0.state != .listens }
    let up = rows.isEmpty ? "" : "\(senders.count(where: \.state.isUp)) of \(senders.count) up"
    var all = [Line(text: heading), Line(text: up)] + tableLines(Array(shown), suite) + rest + [Line(text: "")]
    all += bottom.map { Line(text: $0) }
    if !tail.isEmpty { all += [Line(text: "")] + tail.map { Line(text: $0) } }
    return all.prefix(max(1, lines)).map(written)
  }

  private func tableLines(_ rows: [MemberTable.Row], _ suite: CipherSuite) -> [Line] {
    if rows.isEmpty { return [] }
    let texts = rows.map { FormattedRow(row: $0) }
    var used = Self.allColumns(suite, hasNames: rows.contains { $0.name != nil })
    func width(_ column: Column) -> Int { texts.reduce(column.title.count) { max($0, column.cell($1).count) } }
    while used.count > 1, used.reduce(-2, { $0 + width($1) + 2 }) > columns {
      let least = used.map(\.rank).min()
      used.removeAll { $0.rank == least }
    }
    let widths = used.map(width)
    func line(_ cells: [String], _ state: MemberTable.State?) -> Line {
      var line = Line(text: "")
      for (index, cell) in cells.enumerated() {
        let padding = String(repeating: " ", count: widths[index] - cell.count)
        if index > 0 { line.text += "  " }
        if let state, used[index].title == "state" { line.colour = (state, line.text.count, cell.count) }
        line.text += used[index].isText ? cell + padding : padding + cell
      }
      return line
    }
    return [line(used.map(\.title), nil)] + texts.map { text in line(used.map { $0.cell(text) }, text.row.state) }
  }

  /// The counts of rejected datagrams, folded to the width.
  private func dropLines(_ drops: [(reason: String, count: Int)]) -> [String] {
    if drops.isEmpty { return ["refused: nothing"] }
    return folded("refused: " + drops.map { "\($0.reason) \($0.count)" }.joined(separator: ", "))
  }

  /// A text folded at blanks; continuation lines are indented.
  private func folded(_ text: String) -> [String] {
    var result: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if !line.isEmpty, line.count + 1 + word.count > columns {
        result.append(line)
        line = " "
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return result + [line]
  }

  /// The line, truncated to the width, with its colours. Source: ECMA-48, SGR.
  private func written(_ line: Line) -> String {
    let text = String(line.text.prefix(columns))
    guard isColoured, let (state, start, count) = line.colour, start + count <= text.count else { return text }
    let code =
      switch state {
      case .up: "32"
      case .restarted, .quiet: "33"
      case .silent: "31"
      case .unheard, .listens: "2"
      }
    let characters = Array(text)
    return String(characters[..<start]) + "\u{1B}[\(code)m" + String(characters[start..<start + count]) + "\u{1B}[0m"
      + String(characters[(start + count)...])
  }
}
