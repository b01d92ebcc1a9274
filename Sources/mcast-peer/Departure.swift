import Dispatch

/// Sees to it that a process that is to end does so within half a second, whoever does not take its lines, and within
/// five, whatever disk does not answer. A busy machine is given the time that it takes.
struct Departure: Sendable {
  private let limit: DispatchTimeInterval
  /// Whether somebody does not take what we write, or would not.
  private let isStalled: @Sendable () -> Bool
  /// Ends the process.
  private let leave: @Sendable () -> Void

  /// How often the streams are looked at, and how often in a row they must be stalled: for 400 ms.
  private static let pause = DispatchTimeInterval.milliseconds(100)
  private static let polls = 4

  /// Says when and how to leave.
  ///
  /// - Parameters:
  ///   - limit: After this time nothing is waited for.
  ///   - isStalled: Without one, whether standard output or standard error is.
  init(
    limit: DispatchTimeInterval = .seconds(5),
    isStalled: @escaping @Sendable () -> Bool = {
      Console.standardOutput.isStalled || Console.standardError.isStalled
    },
    leave: @escaping @Sendable () -> Void
  ) {
    self.limit = limit
    self.isStalled = isStalled
    self.leave = leave
  }

  /// Has the process end, once a body has returned that does what must not be left out.
  func begin(after body: @escaping @Sendable () -> Void) {
    DispatchQueue.global().async {
      body()
      leaveOnceStalled(0)
    }
    leaveAtLast()
  }

  /// Ends the process once the limit is over, whatever it waits for then.
  func leaveAtLast() {
    DispatchQueue.global().asyncAfter(deadline: .now() + limit, execute: leave)
  }

  private func leaveOnceStalled(_ polls: Int) {
    if polls == Self.polls { return leave() }
    DispatchQueue.global().asyncAfter(deadline: .now() + Self.pause) {
      leaveOnceStalled(isStalled() ? polls + 1 : 0)
    }
  }
}
