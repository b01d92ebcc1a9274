/// Keeps notices few, whatever comes from the network, and loses no name: a notice that may not be said now waits, and its
/// member is named in the next line of its cause.
///
/// Two limits, by ``Notice/Cause/limit-swift.property``:
/// 1. Anybody who can send to the group can cause it, under any member's name: one line in ten seconds for the cause, and the
///    time doubles with each line, up to an hour. The name does not count, since nobody vouches for it.
/// 2. It takes a fresh authentic record of the member: the same for the cause and the member, and for the cause a bucket of
///    eight lines, refilled by one a minute.
struct NoticeRateLimit {
  /// The time in which there is one notice, at first; it doubles with each, up to the longest.
  static let period = Duration.seconds(10)
  static let longestPeriod = Duration.seconds(3600)
  /// After such a time without it, a cause is new again.
  static let quiet = Duration.seconds(60)
  /// How many notices of a cause may come at once, where members vouch for it, and how long it takes until there may be one more.
  static let perCause = 8
  static let refill = Duration.seconds(60)

  /// When something was said, and when it may be said again.
  private struct History {
    var said: BootInstant
    var period: Duration
    /// When there was reason to say it.
    var occurred: BootInstant

    /// True if there was no reason to say it for long.
    func isOver(_ cause: Notice.Cause, now: BootInstant) -> Bool {
      !cause.isSaidOnce && occurred.duration(to: now) >= NoticeRateLimit.quiet
    }

    func isDue(now: BootInstant) -> Bool { said.duration(to: now) >= period }
  }

  /// The number of lines that a cause may still have.
  private struct Bucket {
    var lines: Int
    var filled: BootInstant

    init(now: BootInstant) {
      (lines, filled) = (NoticeRateLimit.perCause, now)
    }

    /// Takes a line out, if there is one.
    mutating func take(every refill: Duration, now: BootInstant) -> Bool {
      while lines < NoticeRateLimit.perCause, filled.duration(to: now) >= refill {
        lines += 1
        filled += refill
      }
      guard lines > 0 else { return false }
      // A full bucket does not fill.
      if lines == NoticeRateLimit.perCause { filled = now }
      lines -= 1
      return true
    }
  }

  private var causes: [Notice.Cause: History] = [:]
  private var members: [Notice.Cause: [MemberID: History]] = [:]
  private var buckets: [Notice.Cause: Bucket] = [:]
  /// At most one notice for a cause and member.
  private var waiting: [Notice.Cause: [MemberID: Notice]] = [:]
  /// The members that the last line of a cause has named.
  private var named: [Notice.Cause: Set<MemberID>] = [:]

  /// Says if a notice may be said now; then it counts as said.
  ///
  /// - Returns: The notice, with the members of those that waited; nil if it may not be said.
  mutating func admit(_ notice: Notice, now: BootInstant) -> Notice? {
    let cause = notice.cause
    if let opposite = cause.opposite, let member = notice.member,
      waiting[opposite]?.removeValue(forKey: member) != nil
    {
      // Nobody was told of the one, so there is nothing to tell of its end.
      return nil
    }
    switch cause.limit {
    case .cause:
      guard admit(cause, &causes[cause], now) else { return wait(notice) }
    case .member:
      guard let member = notice.member, admit(cause, &members[cause, default: [:]][member], now) else { return nil }
      guard takeLine(cause, every: Self.refill, now) else { return wait(notice) }
    case .state:
      guard takeLine(cause, every: Self.refill / 12, now) else { return nil }
    case .none:
      break
    }
    return release(notice)
  }

  /// The notices that waited, and that may be said now: one for a cause. To be called once a second or so.
  mutating func due(now: BootInstant) -> [Notice] {
    Notice.Cause.allCases.compactMap { cause in
      guard hasUnnamed(cause) else { return nil }
      if cause.limit == .cause {
        guard let history = causes[cause], history.isDue(now: now) else { return nil }
        causes[cause]?.said = now
        causes[cause]?.period = min(history.period * 2, Self.longestPeriod)
      } else if !takeLine(cause, every: Self.refill, now) {
        return nil
      }
      return release(nil, of: cause)
    }
  }

  /// All that still waits, one notice for a cause; to be called at the end.
  mutating func rest() -> [Notice] {
    Notice.Cause.allCases.compactMap { hasUnnamed($0) ? release(nil, of: $0) : nil }
  }

  private func admit(_ cause: Notice.Cause, _ history: inout History?, _ now: BootInstant) -> Bool {
    var period = cause.isSaidOnce ? Self.longestPeriod : Self.period
    if let former = history {
      history?.occurred = now
      if !former.isOver(cause, now: now) {
        guard former.isDue(now: now) else { return false }
        period = min(former.period * 2, Self.longestPeriod)
      }
    }
    history = History(said: now, period: period, occurred: now)
    return true
  }

  private mutating func takeLine(_ cause: Notice.Cause, every refill: Duration, _ now: BootInstant) -> Bool {
    buckets[cause, default: Bucket(now: now)].take(every: refill, now: now)
  }

  private mutating func wait(_ notice: Notice) -> Notice? {
    if let member = notice.member, waiting[notice.cause]?[member] == nil {
      waiting[notice.cause, default: [:]][member] = notice
    }
    return nil
  }

  /// True if somebody waits whom the last line of a cause has not named.
  private func hasUnnamed(_ cause: Notice.Cause) -> Bool {
    guard let waiting = waiting[cause] else { return false }
    return waiting.keys.contains { named[cause]?.contains($0) != true }
  }

  private mutating func release(_ notice: Notice) -> Notice {
    release(notice, of: notice.cause) ?? notice
  }

  /// - Parameter notice: The one to be said; nil takes one of those that waited.
  private mutating func release(_ notice: Notice?, of cause: Notice.Cause) -> Notice? {
    var others = waiting.removeValue(forKey: cause) ?? [:]
    guard let notice = notice ?? others.min(by: { $0.key < $1.key })?.value else { return nil }
    if let member = notice.member { others[member] = nil }
    if cause.limit != .none { named[cause] = Set(others.keys).union(notice.members) }
    return others.isEmpty ? notice : .also(notice, MemberSet(others.keys))
  }
}
