import Synchronization

/// Why a peer ends, once it is known: the first reason counts.
final class Ending: Sendable {
  /// A reason to end.
  enum Reason: String, CaseIterable {
    case signal
    /// All messages that were to be sent were sent.
    case count
    /// Standard input is at its end.
    case input
    case deadline
    /// As many messages came as were expected.
    case expected
    /// Nobody reads standard output any more.
    case output
    /// It cannot go on.
    case error
  }

  private let reasons: AsyncStream<Reason>
  private let said: AsyncStream<Reason>.Continuation
  private let first = Mutex<Reason?>(nil)

  init() {
    (reasons, said) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
  }

  /// Ends it; a later reason changes nothing.
  func end(_ reason: Reason) {
    first.withLock { if $0 == nil { $0 = reason } }
    said.yield(reason)
    said.finish()
  }

  /// Returns once there is a reason. One task may ask.
  func wait() async {
    for await _ in reasons {}
  }

  /// The reason, if there is one.
  var reason: Reason? {
    first.withLock { $0 }
  }
}
