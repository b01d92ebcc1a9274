import MulticastDTLS

/// What is known of the members, a row each, as `watch` shows it. It is told the time, but for how long ago
/// a member was heard, which the figures tell.
struct MemberTable {
  /// What a member does.
  enum State: String {
    case up
    /// It has begun a new epoch a moment ago.
    case restarted
    /// It has not been heard for half a minute, and it is not known how often it speaks, or that is seldom.
    case quiet
    /// It has missed five of its intervals.
    case silent
    /// It is among those that were named, and has not been heard.
    case unheard = "not heard"
  }

  /// What is known of one member.
  struct Row {
    let member: MemberID
    let state: State
    let epoch: Epoch?
    /// Messages a second, of late.
    let rate: Double
    /// Of a hundred messages that it has sent, those that did not arrive.
    let loss: Double
    /// How long ago it was heard last.
    let age: Duration?
    let keyID: KeyID?
    let source: Endpoint?
  }

  /// For how long a restart is shown, and over what time messages are counted.
  private static let restartTime = Duration.seconds(30)
  private static let rateTime = Duration.seconds(10)
  /// For how long a member may say nothing before that is shown.
  private static let quietTime = Duration.seconds(30)

  /// Those that have a row though they were not heard.
  private let named: MemberSet
  private var statistics = Statistics.none
  private var restarts: [MemberID: ContinuousClock.Instant] = [:]
  private var samples: [(time: ContinuousClock.Instant, received: [MemberID: Int])] = []

  init(named: MemberSet) {
    self.named = named
  }

  /// Takes note of what a person is told.
  mutating func noticed(_ report: NoticeReport, now: ContinuousClock.Instant) {
    guard ["restarted", "epochJump"].contains(report.cause) else { return }
    for member in report.members.members { restarts[member] = now }
  }

  /// Takes the figures of now. To be called twice a second or so.
  mutating func update(_ statistics: Statistics, now: ContinuousClock.Instant) {
    self.statistics = statistics
    restarts = restarts.filter { now - $0.value < Self.restartTime }
    samples.append((now, statistics.members.mapValues(\.received)))
    // One sample from before the time that is looked at stays.
    while samples.count > 2, now - samples[1].time >= Self.rateTime { samples.removeFirst() }
  }

  /// A row for each member that was heard or named, by ID.
  var rows: [Row] {
    let heard = statistics.members.filter { $0.value.epoch != nil }.keys
    return MemberSet(Array(heard) + named.members).members.map(row)
  }

  private func row(_ member: MemberID) -> Row {
    let counts = statistics.members[member]
    let sent = (counts?.received ?? 0) + (counts?.lost ?? 0)
    return Row(
      member: member, state: state(member), epoch: counts?.epoch, rate: rate(member),
      loss: sent > 0 ? 100 * Double(counts?.lost ?? 0) / Double(sent) : 0,
      age: counts?.timeSinceHeard, keyID: counts?.keyID, source: counts?.source)
  }

  private func state(_ member: MemberID) -> State {
    if statistics.members[member]?.epoch == nil { return .unheard }
    if statistics.members[member]?.isSilent == true { return .silent }
    if restarts[member] != nil { return .restarted }
    let age = statistics.members[member]?.timeSinceHeard ?? .zero
    return age >= Self.quietTime ? .quiet : .up
  }

  private func rate(_ member: MemberID) -> Double {
    guard let first = samples.first, let last = samples.last, last.time > first.time else { return 0 }
    let received = (last.received[member] ?? 0) - (first.received[member] ?? 0)
    return Double(received) / ((last.time - first.time) / .seconds(1))
  }

  /// What was refused and dropped, by reason; nothing that did not happen.
  var drops: [(reason: String, count: Int)] {
    // What this node sends comes back to it: that is no matter.
    let reasons = RejectionReason.allCases.filter { $0 != .own }.map { ($0.rawValue, statistics.rejected[$0] ?? 0) }
    return (reasons + [("dropped by the kernel about", statistics.droppedByKernel)]).filter { $0.1 > 0 }
  }
}
