import CommonSupport
import Glibc
import Logging

/// The form of log lines on standard error.
enum LogForm: Equatable {
  /// For the journal, which adds the time and the name: `<4>message`. Source: sd-daemon(3).
  case journal
  /// For a person: the time of day, and a colour for the level; without colours, the level from warnings on.
  case terminal(isColoured: Bool)
  /// For a file or a pipe: time (RFC 3339), level, message.
  case file

  /// The form of this process's standard error.
  static let ofStandardError = LogForm(
    journalStream: unsafe getenv("JOURNAL_STREAM").map { unsafe String(cString: $0) }, descriptor: STDERR_FILENO)

  /// - Parameter journalStream: The device and inode of the journal's socket, as the service manager sets it. Source:
  ///   systemd.exec(5), JOURNAL_STREAM.
  init(journalStream: String?, descriptor: CInt) {
    var status = stat()
    if let journalStream, unsafe fstat(descriptor, &status) == 0, journalStream == "\(status.st_dev):\(status.st_ino)" {
      self = .journal
    } else {
      self = isatty(descriptor) == 1 ? .terminal(isColoured: Terminal.isColoured) : .file
    }
  }

  /// A line without its newline. Control and invisible characters of the message are escaped.
  func line(_ level: Logger.Level, _ message: String, at time: timespec = Self.now) -> String {
    let message = message.visible
    switch self {
    case .journal: return "<\(level.priority)>\(message)"
    case .file:
      var clock = WallClock()
      return "\(String(decoding: clock.text(of: time), as: UTF8.self)) \(level) \(message)"
    case .terminal(isColoured: true):
      let text = "\(WallClock.timeOfDay(time)) \(message)"
      return level.colour.map { "\u{1B}[\($0)m\(text)\u{1B}[0m" } ?? text
    case .terminal(isColoured: false):
      return "\(WallClock.timeOfDay(time)) \(level >= .warning ? "\(level): " : "")\(message)"
    }
  }

  /// The current time.
  static var now: timespec {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return time
  }
}

extension Logger.Level {
  /// The priority in the journal. Source: syslog(3).
  fileprivate var priority: Int {
    switch self {
    case .trace, .debug: 7
    case .info: 6
    case .notice: 5
    case .warning: 4
    case .error: 3
    case .critical: 2
    }
  }

  /// The colour on a terminal: the parameter of SGR; nil for the terminal's own. Source: ECMA-48, SGR.
  fileprivate var colour: Int? {
    switch self {
    case .trace, .debug: 2
    case .info, .notice: nil
    case .warning: 33
    case .error, .critical: 31
    }
  }
}
