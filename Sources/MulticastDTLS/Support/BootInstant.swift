import Glibc

/// An instant of the clock that continues during suspend, in nanoseconds. Source: clock_gettime(2), CLOCK_BOOTTIME.
///
/// It reads the same clock as ContinuousClock. `ContinuousClock.Instant` is resilient: values that contain one are
/// copied through runtime metadata, which costs as much per record as checking its tag.
struct BootInstant: InstantProtocol {
  private let nanoseconds: Int64

  /// The clock's current time.
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

  /// The seconds since 1970 at this instant, by the wall clock as it is set now.
  var unixTime: Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    let present = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    return Int((present - (Self.now.nanoseconds - nanoseconds)) / 1_000_000_000)
  }

  func advanced(by duration: Duration) -> BootInstant {
    let (seconds, attoseconds) = duration.components
    return BootInstant(nanoseconds: nanoseconds + seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
  }

  func duration(to other: BootInstant) -> Duration {
    .nanoseconds(other.nanoseconds - nanoseconds)
  }
}
