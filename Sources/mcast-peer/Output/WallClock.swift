import Glibc

/// The `time` of events: UTC, to the microsecond. Source: RFC 3339.
struct WallClock {
  private var second = Int.min
  private var text: [UInt8] = []

  /// The current time, as in 2026-01-31T23:59:59.000001Z.
  var now: [UInt8] {
    mutating get {
      var time = timespec()
      unsafe clock_gettime(CLOCK_REALTIME, &time)
      return text(of: time)
    }
  }

  /// The time `age` ago.
  mutating func text(before age: Duration) -> [UInt8] {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    let (seconds, attoseconds) = age.components
    time.tv_sec -= Int(seconds)
    time.tv_nsec -= Int(attoseconds / 1_000_000_000)
    if time.tv_nsec < 0 { (time.tv_sec, time.tv_nsec) = (time.tv_sec - 1, time.tv_nsec + 1_000_000_000) }
    return text(of: time)
  }

  /// The text of a time since 1970. Formats the date only when the second changes.
  mutating func text(of time: timespec) -> [UInt8] {
    if time.tv_sec != second {
      var (seconds, parts) = unsafe (time.tv_sec, tm())
      unsafe gmtime_r(&seconds, &parts)
      let fields = unsafe [
        (parts.tm_year + 1900, 4, "-"), (parts.tm_mon + 1, 2, "-"), (parts.tm_mday, 2, "T"), (parts.tm_hour, 2, ":"),
        (parts.tm_min, 2, ":"), (parts.tm_sec, 2, "."),
      ]
      text = []
      for (number, digits, end) in fields {
        Self.append(Int(number), digits: digits, to: &text)
        text += end.utf8
      }
      text += "000000Z".utf8
      second = time.tv_sec
    }
    var microseconds = time.tv_nsec / 1000
    for place in stride(from: text.count - 2, to: text.count - 8, by: -1) {
      text[place] = UInt8(ascii: "0") + UInt8(microseconds % 10)
      microseconds /= 10
    }
    return text
  }

  /// The local time of day, as in 23:59:59.
  static func timeOfDay(_ time: timespec) -> String {
    var (seconds, parts) = unsafe (time.tv_sec, tm())
    unsafe localtime_r(&seconds, &parts)
    return unsafe [parts.tm_hour, parts.tm_min, parts.tm_sec].map { ($0 < 10 ? "0" : "") + "\($0)" }
      .joined(separator: ":")
  }

  private static func append(_ number: Int, digits: Int, to text: inout [UInt8]) {
    let decimal = String(number)
    text += [UInt8](repeating: UInt8(ascii: "0"), count: max(0, digits - decimal.count))
    text += decimal.utf8
  }
}
