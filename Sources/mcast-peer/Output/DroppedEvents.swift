import MulticastDTLS

/// Turns the counters of rejected and dropped datagrams into rate-limited events, one per reason. Pure.
///
/// Anybody can send datagrams that are rejected, in any member's name: one event per name would be a flood. So one
/// event lists all members of a reason, and the time between two events of a reason doubles, from 1 s to 1 h. The
/// counts of all events add up to the counters.
struct DroppedEvents {
  /// An event: the reason, the member IDs in the datagrams, and their number since the last event of that reason.
  struct Event: Equatable {
    let reason: String
    let members: MemberSet
    let count: Int
  }

  private static let period = Duration.seconds(1)
  private static let longestPeriod = Duration.seconds(3600)
  /// A reason that did not occur for this long starts again with the shortest period.
  private static let quiet = Duration.seconds(60)

  /// The datagrams of a reason since the start.
  private struct Count {
    var all = 0
    var members: [MemberID: Int] = [:]
  }

  private struct History {
    var shown = Count()
    var time: ContinuousClock.Instant?
    var period = DroppedEvents.period
    /// The total at the last look.
    var seen = 0
    /// The last look at which the total had grown.
    var occurred: ContinuousClock.Instant?
  }

  private var histories: [String: History] = [:]

  /// The events that are due now.
  ///
  /// - Parameter isLast: True at the end, when all remaining counts are due.
  mutating func events(of statistics: Statistics, now: ContinuousClock.Instant, isLast: Bool = false) -> [Event] {
    var events = RejectionReason.allCases.compactMap { reason in
      event(
        reason.rawValue,
        Count(
          all: statistics.rejected[reason] ?? 0, members: statistics.members.compactMapValues { $0.rejected[reason] }),
        now, isLast)
    }
    if let event = event("kernel", Count(all: statistics.droppedByKernel), now, isLast) { events.append(event) }
    return events
  }

  private mutating func event(
    _ reason: String, _ count: Count, _ now: ContinuousClock.Instant, _ isLast: Bool
  ) -> Event? {
    guard count.all > 0 else { return nil }
    var history = histories[reason] ?? History()
    defer { histories[reason] = history }
    if count.all > history.seen {
      if let occurred = history.occurred, now - occurred >= Self.quiet {
        (history.time, history.period) = (nil, Self.period)
      }
      (history.seen, history.occurred) = (count.all, now)
    }
    guard count.all > history.shown.all, isLast || history.time.map({ now - $0 >= history.period }) ?? true else {
      return nil
    }
    if history.time != nil { history.period = min(history.period * 2, Self.longestPeriod) }
    let members = count.members.filter { $0.value > history.shown.members[$0.key] ?? 0 }
    let event = Event(reason: reason, members: MemberSet(members.keys), count: count.all - history.shown.all)
    (history.shown, history.time) = (count, now)
    return event
  }
}
