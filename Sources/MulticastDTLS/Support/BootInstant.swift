import Glibc

/// A time of the clock that goes on while the machine sleeps, in nanoseconds. Source: clock_gettime(2), CLOCK_BOOTTIME.
///
/// It is ContinuousClock's time. That clock's own type is opaque to the compiler, which then handles whatever holds one at
/// run time: as much work for each record as to check its tag.
struct BootInstant: InstantProtocol {
  private let nanoseconds: Int64

  /// What the clock says now.
  static var now: BootInstant {
    var time = timespec()
    unsafe clock_gettime(CLOCK_BOOTTIME, &time)
    return BootInstant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  static func < (left: BootInstant, right: BootInstant) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  static func + (moment: BootInstant, duration: Duration) -> BootInstant {
    moment.advanced(by: duration)
  }

  static func += (moment: inout BootInstant, duration: Duration) {
    moment = moment + duration
  }

  func advanced(by duration: Duration) -> BootInstant {
    let (seconds, attoseconds) = duration.components
    return BootInstant(nanoseconds: nanoseconds + seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
  }

  func duration(to other: BootInstant) -> Duration {
    .nanoseconds(other.nanoseconds - nanoseconds)
  }
}
