import Glibc
import MulticastDTLS

/// How `watch` shows what it sees: what each function returns is to be written.
protocol WatchView {
  /// Somebody should read this.
  mutating func said(_ line: String)
  /// The table has changed.
  mutating func shown(_ table: MemberTable, now: ContinuousClock.Instant) -> String
  /// The terminal has another size.
  mutating func resized(_ table: MemberTable, now: ContinuousClock.Instant) -> String
  /// It is over.
  mutating func ended(_ table: MemberTable, now: ContinuousClock.Instant) -> String
}

/// On a terminal: one screen, redrawn in place.
///
/// It leaves no mode of the terminal changed between two frames, so that nothing need be put right, however it ends. Source:
/// ECMA-48 (CUP, ED, EL); DEC's private mode 7, no wrapping.
struct LiveView: WatchView {
  /// The first line, as it is now.
  let heading: () -> String
  let suite: CipherSuite
  let isColoured: Bool
  /// The terminal's columns and lines.
  let size: () -> (columns: Int, lines: Int)

  private var lines: [String] = []
  private var isClear = false

  private static let keptLines = 50

  init(
    heading: @escaping () -> String, suite: CipherSuite, isColoured: Bool,
    size: @escaping () -> (columns: Int, lines: Int)
  ) {
    (self.heading, self.suite, self.isColoured, self.size) = (heading, suite, isColoured, size)
  }

  mutating func said(_ line: String) {
    lines.append("\(Self.timeOfDay) \(line)")
    if lines.count > Self.keptLines { lines.removeFirst() }
  }

  mutating func shown(_ table: MemberTable, now: ContinuousClock.Instant) -> String {
    let (columns, height) = size()
    let screen = WatchScreen(columns: columns, lines: height, isColoured: isColoured)
    let frame = screen.text(of: table, suite: suite, heading: heading(), said: lines)
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

  private static var timeOfDay: String {
    var (now, parts) = unsafe (time(nil), tm())
    unsafe localtime_r(&now, &parts)
    return unsafe [parts.tm_hour, parts.tm_min, parts.tm_sec].map { ($0 < 10 ? "0" : "") + "\($0)" }
      .joined(separator: ":")
  }
}

/// In a file or a pipe: a line for a member when its state or epoch changes, and now and then for all.
struct PlainView: WatchView {
  let suite: CipherSuite

  private var shownStates: [MemberID: (MemberTable.State, Epoch?)] = [:]
  private var lastReasons: [String] = []
  private var lastAll: ContinuousClock.Instant?
  private var clock = WallClock()

  /// How often there is a line for each member.
  private static let pause = Duration.seconds(10)

  init(suite: CipherSuite) {
    self.suite = suite
  }

  /// The log says it, on standard error.
  mutating func said(_ line: String) {}

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
      // That a restart is long ago is no news.
      let isNew =
        last.map { $0.0 != row.state && !($0.0 == .restarted && row.state == .up) || $0.1 != row.epoch } ?? true
      guard isNew || isAll else { continue }
      let text = FormattedRow(row: row)
      result += "\(time) node \(row.member) \(row.state.rawValue)"
      if row.epoch != nil {
        result +=
          ", epoch \(text.epoch), \(text.rate) messages/s, lost \(text.loss) %, heard \(text.age) ago, \(suite.name), key ID "
          + "\(text.keyID), from \(text.source)"
      }
      result += "\n"
    }
    // A flood is told of when it begins, and then with all the rest.
    let reasons = table.drops.map(\.reason)
    if reasons != lastReasons || isAll, !reasons.isEmpty {
      result += "\(time) refused: \(table.drops.map { "\($0.reason) \($0.count)" }.joined(separator: ", "))\n"
    }
    lastReasons = reasons
    return result
  }
}
