/// The awaited members that were not heard yet. Pure.
struct Absence {
  /// The time until a member that was not heard is reported.
  private static let longest = Duration.seconds(30)

  private struct Wait {
    /// The time since which the member is awaited, moved by the time that this process has slept since.
    var since: BootInstant
    var isReported = false
  }

  private var waits: [MemberID: Wait] = [:]

  init(of awaited: MemberSet, since start: BootInstant) {
    expect(awaited, since: start)
  }

  /// Begins to await members.
  mutating func expect(_ members: MemberSet, since start: BootInstant) {
    for member in members { waits[member] = Wait(since: start) }
  }

  /// No longer awaits a member.
  mutating func forget(_ member: MemberID) {
    waits[member] = nil
  }

  /// Records that a member was heard.
  ///
  /// - Returns: The time of its absence, if that was reported.
  mutating func heard(_ member: MemberID, now: BootInstant) -> Duration? {
    if waits.isEmpty { return nil }
    return waits.removeValue(forKey: member).flatMap { $0.isReported ? $0.since.duration(to: now) : nil }
  }

  /// The members whose absence is to be reported now, each once.
  mutating func due(now: BootInstant) -> MemberSet {
    let due = waits.filter { !$0.value.isReported && $0.value.since.duration(to: now) >= Self.longest }.keys
    for member in due { waits[member]?.isReported = true }
    return MemberSet(due)
  }

  /// Ignores a time in which this process did not listen.
  mutating func leaveOut(_ time: Duration) {
    for member in waits.keys { waits[member]?.since += time }
  }
}
