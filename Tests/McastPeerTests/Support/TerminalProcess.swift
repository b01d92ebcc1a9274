import Foundation
import Synchronization
import TestSupport

@testable import MulticastDTLS

/// A real `mcast-peer` on its own pseudo-terminal with a readable screen. It is ended with the last reference. Source:
/// pty(7).
final class TerminalProcess {
  private let process = Process()
  private let home = TemporaryDirectory()
  private let terminal: CInt
  private let reader = WorkerThread()
  private let screen: SharedScreen

  private final class SharedScreen: Sendable {
    let screen: Mutex<TerminalScreen>
    init(_ screen: TerminalScreen) { self.screen = Mutex(screen) }
  }

  init(
    _ arguments: [String], secret: String, columns: Int, lines: Int, environment: [String: String] = [:]
  ) throws {
    terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    // TIOCSPTLCK and TIOCGPTN of ioctl_tty(2), which Swift's Glibc does not import.
    var (isLocked, number) = (CInt(0), CUnsignedInt(0))
    guard terminal >= 0, ioctl(terminal, 0x4004_5431, &isLocked) == 0, ioctl(terminal, 0x8004_5430, &number) == 0 else {
      throw Timeout(description: "there is no pseudo-terminal")
    }
    let path = "/dev/pts/\(number)"
    screen = SharedScreen(TerminalScreen(columns: columns, lines: lines))
    try setSize(columns: columns, lines: lines)
    let end = try FileHandle(forUpdating: URL(filePath: path))
    process.executableURL = URL(filePath: "/usr/bin/env")
    // The terminal becomes its controlling terminal, so that Ctrl+C and a new size reach it.
    process.arguments =
      ["setsid", "--ctty", "--wait", "timeout", "--foreground", "300", PeerProcess.executable] + arguments
    process.environment = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "HOME": home.path, "DTLS_MCAST_SECRET": secret,
      "TERM": "xterm",
    ].merging(environment) { $1 }.merging(Sanitizer.environment) { own, _ in own }
    (process.standardInput, process.standardOutput, process.standardError) = (end, end, end)
    try process.run()
    try end.close()
    let (screen, terminal) = (screen, terminal)
    try reader.start {
      var (bytes, rest) = ([UInt8](repeating: 0, count: 65536), [UInt8]())
      while true {
        let count = read(terminal, &bytes, bytes.count)
        if count < 0, errno == EINTR { continue }
        // EIO: the last process has closed the terminal.
        guard count > 0 else { return }
        rest += bytes[..<count]
        // A character may come in two parts.
        guard let text = String(validating: rest, as: UTF8.self) else { continue }
        rest = []
        screen.screen.withLock { $0.write(text) }
      }
    }
  }

  deinit {
    // The process ends by SIGINT, or at its time limit.
    type("\u{3}")
    _ = process.waitForExitStatus()
    reader.wait()
    close(terminal)
  }

  /// The current screen of the terminal.
  var shown: TerminalScreen { screen.screen.withLock { $0 } }

  /// Types a text.
  func type(_ text: String) {
    _ = Array(text.utf8).withUnsafeBytes { write(terminal, $0.baseAddress, $0.count) }
  }

  /// Changes the size of the terminal.
  func resize(columns: Int, lines: Int) throws {
    screen.screen.withLock { $0.resize(columns: columns, lines: lines) }
    try setSize(columns: columns, lines: lines)
  }

  private func setSize(columns: Int, lines: Int) throws {
    var size = winsize(ws_row: UInt16(lines), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
    guard ioctl(terminal, UInt(TIOCSWINSZ), &size) == 0 else { throw Timeout(description: "no size") }
  }

  /// The modes of the terminal for its input.
  struct Modes: Equatable {
    var isCanonical: Bool
    var echoes: Bool
  }

  func modes() throws -> Modes {
    var modes = termios()
    guard tcgetattr(terminal, &modes) == 0 else { throw Timeout(description: "no modes") }
    return Modes(isCanonical: modes.c_lflag & tcflag_t(ICANON) != 0, echoes: modes.c_lflag & tcflag_t(ECHO) != 0)
  }

  var isRunning: Bool { !process.hasEnded }

  /// Waits for a line of the screen that begins with these words.
  func waitForRow(_ words: String...) async throws {
    do {
      try await eventually("the row '\(words.joined(separator: " "))'") { rows.contains { $0.starts(with: words) } }
    } catch {
      throw Timeout(description: "\(error) in\n\(shown.text.joined(separator: "\n"))")
    }
  }

  /// The words of each line.
  var rows: [[String]] { shown.text.map { $0.split(separator: " ").map(String.init) } }

  /// Waits for its end. Returns the exit code.
  func exitCode() async throws -> Int32 {
    try await eventually("the end of the process") { process.hasEnded }
    return process.waitForExitStatus()
  }
}
