/// Decides when it is written down how far the members were heard: a member in an epoch that is new at once, so that
/// nothing of an earlier one is accepted after a restart, and all else at most once in a while, to spare the disk. Pure.
struct SaveSchedule {
  /// So often it looks for what is new: whoever has the secret could begin an epoch with each record.
  private static let pause = Duration.seconds(1)

  private let interval: Duration
  private var lastLook: Moment?
  private var lastSave: Moment?
  private var epochs: [KeyID: [MemberID: Epoch]] = [:]

  /// - Parameter interval: The time between two writings, if nothing is new.
  init(interval: Duration) {
    self.interval = interval
  }

  /// True if it is time to ask ``isDue(_:now:)``.
  func isTimeToLook(now: Moment) -> Bool {
    lastLook.map { $0.duration(to: now) >= min(Self.pause, interval) } ?? true
  }

  /// True if these positions are to be written now; then they count as written.
  mutating func isDue(_ positions: [KeyID: [MemberID: Position]], now: Moment) -> Bool {
    lastLook = now
    let heard = positions.mapValues { $0.mapValues(\.epoch) }
    guard heard != epochs || lastSave.map({ $0.duration(to: now) >= interval }) ?? true else { return false }
    (lastSave, epochs) = (now, heard)
    return true
  }
}
