import Dispatch

/// Guarantees that a stopping process exits within 0.5 s if standard output or standard error is blocked, and in any case
/// within 5 s. A busy machine still gets the time to write its last lines.
struct ExitWatchdog: Sendable {
  private let limit: DispatchTimeInterval
  private let isBlocked: @Sendable () -> Bool
  private let exit: @Sendable () -> Void

  /// The time between two polls of the streams, and the consecutive polls that must find one blocked: 400 ms in all.
  private static let pause = DispatchTimeInterval.milliseconds(100)
  private static let polls = 4

  /// - Parameters:
  ///   - limit: The time after which the process exits in any case.
  ///   - isBlocked: True if a stream is blocked. The default asks standard output and standard error.
  ///   - exit: Ends the process.
  init(
    limit: DispatchTimeInterval = .seconds(5),
    isBlocked: @escaping @Sendable () -> Bool = {
      StandardStream.standardOutput.isStalled || StandardStream.standardError.isStalled
    },
    exit: @escaping @Sendable () -> Void
  ) {
    self.limit = limit
    self.isBlocked = isBlocked
    self.exit = exit
  }

  /// Runs the last work of the process, and then watches the streams until it exits.
  func start(after lastWork: @escaping @Sendable () -> Void) {
    DispatchQueue.global().async {
      lastWork()
      exitOnceBlocked(0)
    }
    startDeadline()
  }

  /// Exits after the limit, even if the process is still waiting.
  func startDeadline() {
    DispatchQueue.global().asyncAfter(deadline: .now() + limit, execute: exit)
  }

  private func exitOnceBlocked(_ polls: Int) {
    if polls == Self.polls { return exit() }
    DispatchQueue.global().asyncAfter(deadline: .now() + Self.pause) {
      exitOnceBlocked(isBlocked() ? polls + 1 : 0)
    }
  }
}
