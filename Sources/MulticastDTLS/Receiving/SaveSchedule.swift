/// Decides when it is written down how far the members were heard: a member in an epoch that is new at once, so that
/// nothing of an earlier one is accepted after a restart, and all else at most once in a while, to spare the disk. Pure.
struct SaveSchedule {
  /// New epochs come at most so often: whoever has the secret could begin one with each record.
  private static let pause = Duration.seconds(1)

  private let interval: Duration
  private var lastSave: BootInstant?

  /// - Parameter interval: The time between two writings, if nothing is new.
  init(interval: Duration) {
    self.interval = interval
  }

  /// True if it is to be written now; then it counts as written.
  ///
  /// - Parameter isNew: True if a member has begun an epoch since then.
  mutating func isDue(isNew: Bool, now: BootInstant) -> Bool {
    let pause = isNew ? min(Self.pause, interval) : interval
    guard lastSave.map({ $0.duration(to: now) >= pause }) ?? true else { return false }
    lastSave = now
    return true
  }
}
