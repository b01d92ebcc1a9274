/// Schedules the savings of positions: a member's new epoch at once, so that no record of an earlier one is accepted after a
/// restart, and anything else at most once in an interval, to spare the disk. Pure.
struct SaveSchedule {
  /// The shortest time between two savings: a holder of the secret could begin an epoch with each record.
  private static let pause = Duration.seconds(1)

  private let interval: Duration
  private var lastSave: BootInstant?

  /// - Parameter interval: The time between two savings without a new epoch.
  init(interval: Duration) {
    self.interval = interval
  }

  /// True if the positions are due now; then they count as saved.
  ///
  /// - Parameter isNew: True if a member has begun an epoch since the last saving.
  mutating func isDue(isNew: Bool, now: BootInstant) -> Bool {
    let pause = isNew ? min(Self.pause, interval) : interval
    guard lastSave.map({ $0.duration(to: now) >= pause }) ?? true else { return false }
    lastSave = now
    return true
  }
}
