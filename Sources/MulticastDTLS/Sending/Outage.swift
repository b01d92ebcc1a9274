import Glibc
import Synchronization

/// The pause after the network has refused a message for a reason that lasts, such as an interface that is down.
///
/// A refused message has used up a number, which receivers count as lost. So the next messages are refused at once, without
/// a number, until a second has passed. Any thread may use it.
final class Outage: Sendable {
  private static let pause = Duration.seconds(1)
  private static let lasting: Set<CInt> = [ENETDOWN, ENETUNREACH, EHOSTUNREACH, ENODEV, EADDRNOTAVAIL, EPERM]

  /// True while there may be a pause: nearly always false, so that a message costs one load.
  private let isOn = Atomic(false)
  private let last = Mutex<(error: SystemError, until: BootInstant)?>(nil)

  /// - Throws: The error of the last message, if that was less than a second ago.
  func check() throws(SystemError) {
    guard isOn.load(ordering: .relaxed) else { return }
    let error = last.withLock { last -> SystemError? in
      if let last, BootInstant.now < last.until { return last.error }
      last = nil
      isOn.store(false, ordering: .relaxed)
      return nil
    }
    if let error { throw error }
  }

  /// Records an error of the network.
  func record(_ error: SystemError) {
    guard Self.lasting.contains(error.errno.rawValue) else { return }
    last.withLock { $0 = (error, .now + Self.pause) }
    isOn.store(true, ordering: .relaxed)
  }
}
