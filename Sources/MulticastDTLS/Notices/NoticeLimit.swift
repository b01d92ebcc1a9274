/// Keeps notices few, whatever comes from the network: one for a cause and a member in ten seconds, and eight for a
/// cause. One that goes on and on is said less and less often.
struct NoticeLimit {
  /// The time in which a cause and a member have one notice, at first; it doubles with each, up to the longest.
  static let period = Duration.seconds(10)
  static let longestPeriod = Duration.seconds(3600)
  /// After such a time without it, a cause is new again.
  static let quiet = Duration.seconds(60)
  /// How many notices a cause has in the first period, of all members.
  static let perCause = 8

  private struct Subject: Hashable {
    let cause: Notice.Cause
    let member: MemberID?
  }

  private struct History {
    var said: Moment
    var period: Duration
    /// When there was reason to say it.
    var occurred: Moment
  }

  /// At most one entry a cause and member.
  private var histories: [Subject: History] = [:]
  /// When each cause's running period began, and how many notices it has had in it.
  private var periods: [Notice.Cause: (start: Moment, count: Int)] = [:]

  /// Whether a notice may be said now; then it counts as said.
  mutating func admit(_ notice: Notice, now: Moment) -> Bool {
    let (cause, member) = notice.subject
    let subject = Subject(cause: cause, member: member)
    var nextPeriod = cause.isSaidOnce ? Self.longestPeriod : Self.period
    if let history = histories[subject] {
      histories[subject]?.occurred = now
      if cause.isSaidOnce || history.occurred.duration(to: now) < Self.quiet {
        guard history.said.duration(to: now) >= history.period else { return false }
        nextPeriod = min(history.period * 2, Self.longestPeriod)
      }
    }
    var period = periods[cause] ?? (now, 0)
    if period.start.duration(to: now) >= Self.period { period = (now, 0) }
    guard period.count < Self.perCause else { return false }
    periods[cause] = (period.start, period.count + 1)
    histories[subject] = History(said: now, period: nextPeriod, occurred: now)
    return true
  }
}
