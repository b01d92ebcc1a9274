import Glibc

/// The terminal of standard output.
enum Terminal {
  /// The columns and lines; 80 and 24 if unknown. Source: ioctl_tty(2), TIOCGWINSZ.
  static func size() -> (columns: Int, lines: Int) {
    var size = winsize()
    guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
      return (80, 24)
    }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// False if NO_COLOR is set and not empty, or the terminal is dumb. Source: no-color.org.
  static var isColoured: Bool {
    func value(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }
    return (value("NO_COLOR") ?? "").isEmpty && value("TERM") != "dumb"
  }
}
