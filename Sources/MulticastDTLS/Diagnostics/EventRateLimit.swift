/// Limits the rate of events, whatever comes from the network, and loses no member: an event that is held back waits, and
/// the next event of its kind names its member.
///
/// Two limits, by ``PeerEvent/Kind/limit-swift.property``:
/// 1. Any sender can cause it, under any member's name: one event in ten seconds for the kind. The time doubles with each
///    event, up to an hour. The member does not count, since nothing authenticates it.
/// 2. Only a fresh authentic record of the member causes it: the same for the kind and the member, and for the kind a
///    bucket of eight events, refilled by one a minute.
struct EventRateLimit {
  /// The first time between two events of a kind; it doubles with each, up to the longest.
  static let period = Duration.seconds(10)
  static let longestPeriod = Duration.seconds(3600)
  /// The time without a cause after which a kind starts anew.
  static let quiet = Duration.seconds(60)
  /// The size of a kind's bucket, and the time until one event more fits.
  static let burst = 8
  static let refill = Duration.seconds(60)

  /// The last event of a kind, or of a kind and a member.
  private struct History {
    var reported: BootInstant
    var period: Duration
    /// The last time that there was a cause.
    var occurred: BootInstant

    /// True if there was no cause for long.
    func isOver(_ kind: PeerEvent.Kind, now: BootInstant) -> Bool {
      !kind.isReportedOnce && occurred.duration(to: now) >= EventRateLimit.quiet
    }

    func isDue(now: BootInstant) -> Bool { reported.duration(to: now) >= period }
  }

  /// The events that a kind may still have.
  private struct Bucket {
    var events: Int
    var filled: BootInstant

    init(now: BootInstant) {
      events = EventRateLimit.burst
      filled = now
    }

    /// Takes an event out; false if the bucket is empty.
    mutating func take(every refill: Duration, now: BootInstant) -> Bool {
      while events < EventRateLimit.burst, filled.duration(to: now) >= refill {
        events += 1
        filled += refill
      }
      guard events > 0 else { return false }
      // A full bucket does not fill.
      if events == EventRateLimit.burst { filled = now }
      events -= 1
      return true
    }
  }

  /// The events that limit each other: of a kind, but a certain one is not held back by a doubtful one.
  private struct Cause: Hashable {
    let kind: PeerEvent.Kind
    var isDoubtful = false

    init(_ kind: PeerEvent.Kind) {
      self.kind = kind
    }

    init(_ event: PeerEvent) {
      kind = event.kind
      if case .duplicateID(_, isRepeated: true) = event { isDoubtful = true }
    }
  }

  private var kinds: [Cause: History] = [:]
  private var members: [PeerEvent.Kind: [MemberID: History]] = [:]
  private var buckets: [PeerEvent.Kind: Bucket] = [:]
  /// At most one event of a kind and member.
  private var waiting: [PeerEvent.Kind: [MemberID: PeerEvent]] = [:]
  /// The members that the last event of a kind has named.
  private var named: [PeerEvent.Kind: MemberSet] = [:]

  /// Admits an event now, or holds it back.
  ///
  /// - Returns: The event, with the members of those that waited; nil if it is held back.
  mutating func admit(_ event: PeerEvent, now: BootInstant) -> PeerEvent? {
    let kind = event.kind
    if let opposite = kind.opposite, let member = event.member,
      waiting[opposite]?.removeValue(forKey: member) != nil
    {
      // The beginning was not reported, so the end need not be.
      return nil
    }
    switch kind.limit {
    case .kind:
      guard admit(kind, &kinds[Cause(event)], now) else { return wait(event) }
    case .member:
      guard let member = event.member, admit(kind, &members[kind, default: [:]][member], now) else { return nil }
      guard takeEvent(kind, every: Self.refill, now) else { return wait(event) }
    case .state:
      guard takeEvent(kind, every: Self.refill / 12, now) else { return nil }
    case .none:
      break
    }
    return release(event)
  }

  /// The waiting events that are due: one of a kind. To be called about once a second.
  mutating func due(now: BootInstant) -> [PeerEvent] {
    PeerEvent.Kind.allCases.compactMap { kind in
      guard hasUnnamed(kind) else { return nil }
      if kind.limit == .kind {
        let cause = Cause(kind)
        guard let history = kinds[cause], history.isDue(now: now) else { return nil }
        kinds[cause]?.reported = now
        kinds[cause]?.period = min(history.period * 2, Self.longestPeriod)
      } else if !takeEvent(kind, every: Self.refill, now) {
        return nil
      }
      return release(nil, of: kind)
    }
  }

  /// All that still waits, one event of a kind; to be called at the end.
  mutating func rest() -> [PeerEvent] {
    PeerEvent.Kind.allCases.compactMap { hasUnnamed($0) ? release(nil, of: $0) : nil }
  }

  private func admit(_ kind: PeerEvent.Kind, _ history: inout History?, _ now: BootInstant) -> Bool {
    var period = kind.isReportedOnce ? Self.longestPeriod : Self.period
    if let former = history {
      history?.occurred = now
      if !former.isOver(kind, now: now) {
        guard former.isDue(now: now) else { return false }
        period = min(former.period * 2, Self.longestPeriod)
      }
    }
    history = History(reported: now, period: period, occurred: now)
    return true
  }

  private mutating func takeEvent(_ kind: PeerEvent.Kind, every refill: Duration, _ now: BootInstant) -> Bool {
    buckets[kind, default: Bucket(now: now)].take(every: refill, now: now)
  }

  private mutating func wait(_ event: PeerEvent) -> PeerEvent? {
    if let member = event.member, waiting[event.kind]?[member] == nil {
      waiting[event.kind, default: [:]][member] = event
    }
    return nil
  }

  /// True if a member waits that the last event of a kind has not named.
  private func hasUnnamed(_ kind: PeerEvent.Kind) -> Bool {
    guard let waiting = waiting[kind] else { return false }
    return waiting.keys.contains { named[kind]?.contains($0) != true }
  }

  private mutating func release(_ event: PeerEvent) -> PeerEvent {
    release(event, of: event.kind) ?? event
  }

  /// - Parameter event: The event to report; nil takes one of those that waited.
  private mutating func release(_ event: PeerEvent?, of kind: PeerEvent.Kind) -> PeerEvent? {
    var others = waiting.removeValue(forKey: kind) ?? [:]
    guard let event = event ?? others.min(by: { $0.key < $1.key })?.value else { return nil }
    if let member = event.member { others[member] = nil }
    let rest = MemberSet(others.keys)
    if kind.limit != .none { named[kind] = rest.union(event.members) }
    return rest.isEmpty ? event : .also(event, rest)
  }
}

extension PeerEvent.Kind {
  /// The limit that a kind has.
  enum Limit {
    /// By the kind: a forger, or a replayer of old records, chooses the member.
    case kind
    /// By the kind and the member: only a fresh authentic record, or the lack of one, causes it.
    case member
    /// By the kind, and often: it reports a state, so that the next one has all that was held back.
    case state
    /// None: only a holder of the secrets here causes it.
    case none
  }

  /// The limit of the kind.
  var limit: Limit {
    switch self {
    case .restarted, .silent, .heardAgain, .keyChange, .epochJump, .sequenceJump: .member
    case .rotation: .state
    case .keyRemoved, .state, .failed: .none
    default: .kind
    }
  }

  /// True if one report lasts: nothing about it changes until a person has acted.
  fileprivate var isReportedOnce: Bool { self == .duplicateID }

  /// The kind that ends when this one begins, and begins when this one ends.
  fileprivate var opposite: PeerEvent.Kind? {
    switch self {
    case .silent: .heardAgain
    case .heardAgain: .silent
    default: nil
    }
  }
}
