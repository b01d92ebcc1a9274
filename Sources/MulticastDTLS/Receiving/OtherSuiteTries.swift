/// Limits the tries of the other cipher suite. They are diagnostic only, and double the cost of a forgery. Pure.
struct OtherSuiteTries {
  /// The most tries in a second.
  private static let perSecond = 64

  private var start = BootInstant.now
  private var count = 0

  /// Counts a try, and returns true if it may be made.
  mutating func admits(now: BootInstant) -> Bool {
    if start.duration(to: now) >= .seconds(1) { (start, count) = (now, 0) }
    count += 1
    return count <= Self.perSecond
  }
}
