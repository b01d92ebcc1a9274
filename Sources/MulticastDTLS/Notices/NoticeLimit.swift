/// Keeps notices few, whatever comes from the network: one for a cause and a member in ten seconds, and eight for a
/// cause.
struct NoticeLimit {
  /// The time in which a cause and a member have one notice.
  static let period = Duration.seconds(10)
  /// How many notices a cause has in that time, of all members.
  static let perCause = 8

  private struct Subject: Hashable {
    let cause: Notice.Cause
    let member: MemberID?
  }

  /// When each was said last: at most one entry a cause and member.
  private var said: [Subject: ContinuousClock.Instant] = [:]
  /// When each cause's running period began, and how many notices it has had in it.
  private var periods: [Notice.Cause: (start: ContinuousClock.Instant, count: Int)] = [:]

  /// Whether a notice may be said now; then it counts as said.
  mutating func admit(_ notice: Notice, now: ContinuousClock.Instant) -> Bool {
    let (cause, member) = notice.subject
    let subject = Subject(cause: cause, member: member)
    if let last = said[subject], cause.isSaidOnce || last.duration(to: now) < Self.period { return false }
    var period = periods[cause] ?? (now, 0)
    if period.start.duration(to: now) >= Self.period { period = (now, 0) }
    guard period.count < Self.perCause else { return false }
    periods[cause] = (period.start, period.count + 1)
    said[subject] = now
    return true
  }
}
