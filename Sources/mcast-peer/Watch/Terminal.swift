import Glibc

/// The terminal that standard output is.
enum Terminal {
  /// Its columns and lines; 80 and 24 where it does not say. Source: ioctl_tty(2), TIOCGWINSZ.
  static func size() -> (columns: Int, lines: Int) {
    var size = winsize()
    guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
      return (80, 24)
    }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// Whether colours are wanted. Source: no-color.org, which asks for no colour where NO_COLOR is set and not empty.
  static var isColoured: Bool {
    func value(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }
    return (value("NO_COLOR") ?? "").isEmpty && value("TERM") != "dumb"
  }
}
