import Glibc
import MulticastDTLS

/// The output of `watch`. Each function returns the text to print.
protocol WatchView {
  /// A line was logged.
  mutating func logged(_ line: String)
  /// The table was updated.
  mutating func shown(_ table: MemberTable, now: ContinuousClock.Instant) -> String
  /// The terminal has another size.
  mutating func resized(_ table: MemberTable, now: ContinuousClock.Instant) -> String
  /// `watch` is about to exit.
  mutating func ended(_ table: MemberTable, now: ContinuousClock.Instant) -> String
}

/// The view for a terminal: one screen, redrawn in place.
///
/// Each frame restores every terminal mode that it changes, so that even a killed process leaves the terminal usable.
/// Source: ECMA-48 (CUP, ED, EL); DEC's private mode 7, no wrapping.
struct LiveView: WatchView {
  /// Returns the current first line.
  let heading: () -> String
  let suite: CipherSuite
  let isColoured: Bool
  /// The terminal's columns and lines.
  let size: () -> (columns: Int, lines: Int)

  private var log: [String] = []
  private var isClear = false

  private static let logLimit = 50

  init(
    heading: @escaping () -> String, suite: CipherSuite, isColoured: Bool,
    size: @escaping () -> (columns: Int, lines: Int)
  ) {
    (self.heading, self.suite, self.isColoured, self.size) = (heading, suite, isColoured, size)
  }

  mutating func logged(_ line: String) {
    log.append("\(WallClock.timeOfDay(LogForm.now)) \(line)")
    if log.count > Self.logLimit { log.removeFirst() }
  }

  mutating func shown(_ table: MemberTable, now: ContinuousClock.Instant) -> String {
    let (columns, height) = size()
    let screen = WatchScreen(columns: columns, lines: height, isColoured: isColoured)
    let frame = screen.text(of: table, suite: suite, heading: heading(), log: log)
    defer { isClear = true }
    return "\u{1B}[?7l" + (isClear ? "" : "\u{1B}[2J") + "\u{1B}[H" + frame.joined(separator: "\u{1B}[K\r\n")
      + "\u{1B}[K\u{1B}[J\u{1B}[?7h"
  }

  mutating func resized(_ table: MemberTable, now: ContinuousClock.Instant) -> String {
    isClear = false
    return shown(table, now: now)
  }

  mutating func ended(_ table: MemberTable, now: ContinuousClock.Instant) -> String {
    shown(table, now: now) + "\r\n"
  }
}

/// The view for a file or a pipe: a line for a member when its state or epoch changes, and for all members every 10 s.
struct PlainView: WatchView {
  let suite: CipherSuite

  private var shownStates: [MemberID: (MemberTable.State, Epoch?)] = [:]
  private var lastReasons: [String] = []
  private var lastAll: ContinuousClock.Instant?
  private var clock = WallClock()

  /// The time between two lists of all members.
  private static let pause = Duration.seconds(10)

  init(suite: CipherSuite) {
    self.suite = suite
  }

  /// Ignores the line: standard error has the log.
  mutating func logged(_ line: String) {}

  mutating func shown(_ table: MemberTable, now: ContinuousClock.Instant) -> String {
    lines(table, now: now, isAll: lastAll.map { now - $0 >= Self.pause } ?? false)
  }

  mutating func resized(_ table: MemberTable, now: ContinuousClock.Instant) -> String { "" }

  mutating func ended(_ table: MemberTable, now: ContinuousClock.Instant) -> String {
    lines(table, now: now, isAll: true)
  }

  private mutating func lines(_ table: MemberTable, now: ContinuousClock.Instant, isAll: Bool) -> String {
    if isAll || lastAll == nil { lastAll = now }
    let time = String(decoding: clock.now, as: UTF8.self)
    var result = ""
    for row in table.rows {
      let last = shownStates.updateValue((row.state, row.epoch), forKey: row.member)
      // The return from restarted to up is no change worth a line.
      let isNew =
        last.map { $0.0 != row.state && !($0.0 == .restarted && row.state == .up) || $0.1 != row.epoch } ?? true
      guard isNew || isAll else { continue }
      let text = FormattedRow(row: row)
      result += "\(time) member \(row.member)\(row.name.map { " (\($0))" } ?? "") \(row.state.rawValue)"
      if row.epoch != nil {
        result +=
          ", epoch \(text.epoch), \(text.rate) messages/s, lost \(text.loss) %, heard \(text.age) ago, "
          + "\(text.protection(suite)), key ID "
          + "\(text.keyID), from \(text.source)"
      }
      result += "\n"
    }
    // A flood gets a line when it begins, and then one with each list.
    let reasons = table.drops.map(\.reason)
    if reasons != lastReasons || isAll, !reasons.isEmpty {
      result += "\(time) refused: \(table.drops.map { "\($0.reason) \($0.count)" }.joined(separator: ", "))\n"
    }
    lastReasons = reasons
    return result
  }
}
