import MulticastDTLS

/// What is shown of datagrams that were refused or dropped: one event for a reason, with the members that they name, and seldom
/// while it goes on. Pure.
///
/// Anybody can send datagrams that are refused, in any member's name: an event for each name would be a flood. So the time
/// between two events of a reason doubles, from a second up to an hour. Their counts add up to all that was refused.
struct DroppedEvents {
  /// An event: why, in whose name, and how many since the last one of that reason.
  struct Event: Equatable {
    let reason: String
    let members: MemberSet
    let count: Int
  }

  private static let period = Duration.seconds(1)
  private static let longestPeriod = Duration.seconds(3600)
  /// After such a time without it, a reason is new again.
  private static let quiet = Duration.seconds(60)

  /// How many there are of a reason until now.
  private struct Count {
    var all = 0
    var members: [MemberID: Int] = [:]
  }

  private struct History {
    var shown = Count()
    var time: ContinuousClock.Instant?
    var period = DroppedEvents.period
    /// How many there were when it was looked at last, and when there were more than before.
    var seen = 0
    var occurred: ContinuousClock.Instant?
  }

  private var histories: [String: History] = [:]

  /// The events that are to be shown now.
  ///
  /// - Parameter isLast: Whether nothing comes after them.
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
