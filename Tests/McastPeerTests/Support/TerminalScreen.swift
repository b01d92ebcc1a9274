/// The screen of a terminal. It interprets the control sequences that `watch` may use (ECMA-48, and DEC's private mode
/// 7), and records all others.
struct TerminalScreen {
  private(set) var columns: Int
  private(set) var unknown: [String] = []
  /// True once any text was coloured.
  private(set) var isColoured = false
  private var cells: [[Character]]
  private var (row, column) = (0, 0)
  private var wraps = true
  /// An incomplete control sequence.
  private var pending = ""

  init(columns: Int, lines: Int) {
    self.columns = columns
    cells = Array(repeating: Array(repeating: " ", count: columns), count: lines)
  }

  /// The lines, without trailing spaces.
  var text: [String] {
    cells.map { line in
      String(line).replacing(/\ +$/, with: "")
    }
  }

  /// Changes the size. Text that does not fit is lost.
  mutating func resize(columns: Int, lines: Int) {
    self.columns = columns
    cells = (0..<lines).map { line in
      (0..<columns).map { line < cells.count && $0 < cells[line].count ? cells[line][$0] : " " }
    }
    (row, column) = (min(row, lines - 1), min(column, columns - 1))
  }

  mutating func write(_ text: String) {
    var rest = (pending + text)[...]
    pending = ""
    while let character = rest.unicodeScalars.first {
      if character == "\u{1B}" {
        guard let end = rest.dropFirst(2).firstIndex(where: { $0.isLetter }) else {
          pending = String(rest)
          return
        }
        obey(String(rest[...end].dropFirst()))
        rest = rest[rest.index(after: end)...]
        continue
      }
      rest = Substring(rest.unicodeScalars.dropFirst())
      switch character {
      case "\r": column = 0
      case "\n": feedLine()
      case " "...: put(Character(character))
      default: unknown.append("\(character.value)")
      }
    }
  }

  private mutating func put(_ character: Character) {
    if column == columns {
      if wraps {
        column = 0
        feedLine()
      } else {
        column -= 1
      }
    }
    cells[row][column] = character
    column += 1
  }

  private mutating func feedLine() {
    if row == cells.count - 1 {
      cells.removeFirst()
      cells.append(Array(repeating: " ", count: columns))
    } else {
      row += 1
    }
  }

  private mutating func obey(_ sequence: String) {
    switch sequence {
    case "[H": (row, column) = (0, 0)
    case "[K": clear(row, from: min(column, columns))
    case "[J":
      clear(row, from: min(column, columns))
      for line in cells.indices.dropFirst(row + 1) { clear(line, from: 0) }
    case "[2J": for line in cells.indices { clear(line, from: 0) }
    case "[?7l": wraps = false
    case "[?7h": wraps = true
    case "[0m": break
    case _ where sequence.wholeMatch(of: /\[[0-9]+m/) != nil: isColoured = true
    default: unknown.append(sequence)
    }
  }

  private mutating func clear(_ line: Int, from first: Int) {
    for index in first..<columns { cells[line][index] = " " }
  }
}
