import MulticastDTLS

/// The table of members that `watch` and `status` show. Pure: callers pass the time, and the statistics hold the time since a
/// member was heard.
struct MemberTable {
  enum State: String {
    case up
    /// The member began a new epoch less than 30 s ago.
    case restarted
    /// The member was not heard for five of its intervals, as far as these are known after so few messages, or for 30 s.
    case quiet
    /// The member has missed five of its intervals, or five minutes as long as these are unknown.
    case silent
    /// The member is one of the group, and was never heard.
    case unheard = "not heard"
    /// The member only listens, as the roster says.
    case listens

    /// True if the member was heard lately.
    var isUp: Bool { self == .up || self == .restarted }
  }

  struct Row {
    let member: MemberID
    /// Its name in the roster.
    let name: String?
    let state: State
    let epoch: Epoch?
    /// Messages a second, over the last 10 s.
    let rate: Double
    /// Lost messages, in percent of those sent.
    let loss: Double
    /// The time since the member was last heard.
    let age: Duration?
    let keyID: KeyID?
    /// True if its last message was signed.
    let isSigning: Bool
    let source: Endpoint?
  }

  /// The time for which a member counts as restarted.
  private static let restartTime = Duration.seconds(30)
  /// The time over which the rate is averaged.
  private static let rateTime = Duration.seconds(10)
  /// The silence after which a member counts as quiet.
  private static let quietTime = Duration.seconds(30)
  /// The intervals that a member misses before it counts as quiet, and the shortest such time.
  private static let missedIntervals = 5
  private static let shortestQuiet = Duration.seconds(1)

  /// The members of the group: those that the user named have a row even if not heard.
  private var members: Members
  private let own: MemberID?
  private var statistics = Statistics.none
  private var restarts: [MemberID: ContinuousClock.Instant] = [:]
  private var samples: [(time: ContinuousClock.Instant, received: [MemberID: Int])] = []

  /// - Parameter own: The member ID of this process, which has no row.
  init(members: Members, own: MemberID?) {
    (self.members, self.own) = (members, own)
  }

  /// Uses other members from now on.
  mutating func changed(_ members: Members) { self.members = members }

  /// Records a restart, if the event reports one.
  mutating func reported(_ event: PeerEvent, now: ContinuousClock.Instant) {
    guard [.restarted, .epochJump].contains(event.kind) else { return }
    for member in event.members { restarts[member] = now }
  }

  /// Records the current statistics. Call it about twice a second.
  mutating func update(_ statistics: Statistics, now: ContinuousClock.Instant) {
    self.statistics = statistics
    restarts = restarts.filter { now - $0.value < Self.restartTime }
    samples.append((now, statistics.members.mapValues(\.received)))
    // Keep one sample that is at least as old as the averaging time.
    while samples.count > 2, now - samples[1].time >= Self.rateTime { samples.removeFirst() }
  }

  /// A row for each heard or named member, sorted by ID.
  var rows: [Row] {
    let heard = statistics.members.filter { $0.value.epoch != nil }.keys
    let named = members.areGiven ? members.all.expected(at: own) : MemberSet()
    // A member that was removed from the group has no row.
    return MemberSet(heard).union(named).filter(members.all.contains).map(row)
  }

  /// The row of a member, heard or not.
  func row(_ member: MemberID) -> Row {
    let counts = statistics.members[member]
    let sent = (counts?.received ?? 0) + (counts?.lost ?? 0)
    return Row(
      member: member, name: members.roster.name(of: member), state: state(member), epoch: counts?.epoch,
      rate: rate(member),
      loss: sent > 0 ? 100 * Double(counts?.lost ?? 0) / Double(sent) : 0,
      age: counts?.timeSinceHeard, keyID: counts?.keyID, isSigning: counts?.isSigning ?? false, source: counts?.source)
  }

  private func state(_ member: MemberID) -> State {
    guard let counts = statistics.members[member], counts.epoch != nil, let age = counts.timeSinceHeard else {
      return members.roster.listeners.contains(member) ? .listens : .unheard
    }
    if counts.isSilent { return .silent }
    let longest = counts.interval.map { min(max($0 * Self.missedIntervals, Self.shortestQuiet), Self.quietTime) }
    if age >= longest ?? Self.quietTime { return .quiet }
    return restarts[member] == nil ? .up : .restarted
  }

  private func rate(_ member: MemberID) -> Double {
    guard let first = samples.first, let last = samples.last, last.time > first.time else { return 0 }
    let received = (last.received[member] ?? 0) - (first.received[member] ?? 0)
    return Double(received) / ((last.time - first.time) / .seconds(1))
  }

  /// The counts of rejected and dropped datagrams by reason, without zeros.
  var drops: [(reason: String, count: Int)] {
    // Our own messages, looped back by multicast, are normal.
    let reasons = RejectionReason.allCases.filter { $0 != .own }.map { ($0.rawValue, statistics.rejected[$0] ?? 0) }
    return (reasons + [("dropped by the kernel about", statistics.droppedByKernel)]).filter { $0.1 > 0 }
  }
}
