import Dispatch
import Glibc
import Synchronization

/// The keyboard of a terminal, from which single keys are read, without Enter and without an echo. Ctrl+C and Ctrl+Z work as
/// usual. Source: termios(3).
final class Keyboard: Sendable {
  private let descriptor: CInt
  /// The modes of the terminal before; nil while they are in force.
  private let former = Mutex<termios?>(nil)

  /// - Returns: Nil if standard input is no terminal.
  init?(descriptor: CInt = STDIN_FILENO) {
    guard isatty(descriptor) == 1 else { return nil }
    self.descriptor = descriptor
  }

  deinit { release() }

  /// Sets the modes of the terminal, unless this process is in the background: it would be stopped.
  func take() {
    guard isInForeground else { return }
    former.withLock { former in
      var modes = termios()
      guard unsafe tcgetattr(descriptor, &modes) == 0 else { return }
      if former == nil { former = modes }
      modes.c_lflag &= ~tcflag_t(ICANON | ECHO)
      unsafe tcsetattr(descriptor, TCSANOW, &modes)
    }
  }

  /// Restores the modes of the terminal.
  func release() {
    former.withLock { former in
      guard var modes = former.take(), isInForeground else { return }
      unsafe tcsetattr(descriptor, TCSANOW, &modes)
    }
  }

  /// Takes the keyboard, and calls `body` with each key that is pressed.
  func whenPressed(_ body: @escaping @Sendable (UInt8) -> Void) {
    take()
    // The thread may wait forever: it ends with the process.
    DispatchQueue(label: "mcast-peer.keyboard").async { [self] in
      while let key = next() { body(key) }
    }
  }

  /// Waits for a key; nil at the end of the terminal.
  private func next() -> UInt8? {
    while true {
      var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard unsafe poll(&ready, 1, -1) > 0 else { continue }
      // A process in the background would be stopped by a read.
      guard isInForeground else {
        sleep(1)
        continue
      }
      var key: UInt8 = 0
      switch unsafe read(descriptor, &key, 1) {
      case 1: return key
      case let count where count < 0 && errno == EINTR: continue
      default: return nil
      }
    }
  }

  private var isInForeground: Bool { tcgetpgrp(descriptor) == getpgrp() }
}
