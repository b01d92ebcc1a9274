/// Watches what arrives, and says what a person should know. Pure: it is told the time, and returns notices.
struct Observer {
  /// For how long nobody may be heard before it is said.
  private static let longestQuiet = Duration.seconds(10)
  /// The same, once somebody was heard whose interval is not known yet.
  private static let longestQuietOfStrangers = Duration.seconds(30)
  /// Ticks that are further apart mean that the machine or the process slept, and nobody listened.
  private static let longestTick = Duration.seconds(3)

  private var limit = NoticeLimit()
  private var members = [MemberWatch](repeating: MemberWatch(), count: 256)
  /// When anything was heard last; at first, the start.
  private var lastHeard: Moment
  private var lastTick: Moment
  private var hasHeard = false
  /// When a record came last that was refused, and that somebody was told of.
  private var lastRefused: Moment?
  private let followed: MemberSet
  /// Whether a member has gone over to another key since the last tick.
  private var isMoving = false
  /// Whether the quiet has been noticed, and not ended since.
  private var isQuiet = false

  /// - Parameter followed: The members that are listened to.
  init(start: Moment, followed: MemberSet) {
    lastHeard = start
    lastTick = start
    self.followed = followed
    isQuiet = followed.members.isEmpty
  }

  /// Takes note of messages that were accepted.
  mutating func heard(_ run: ArrivalRun, now: Moment) -> [Notice] {
    let (arrival, origin) = (run.first, run.first.origin)
    lastHeard = now
    isQuiet = false
    hasHeard = true
    var notices: [Notice] = []
    let endsSilence = watch(origin.sender) { watch in
      if arrival.isKeyChange { watch.changedKey() }
      let endsSilence = watch.heard(arrival.keyID, origin.epoch, origin.sequence, now: now)
      if run.count > 1 { _ = watch.heard(arrival.keyID, origin.epoch, run.highest, now: now) }
      return endsSilence
    }
    if arrival.isKeyChange {
      notices.append(.keyChanged(origin.sender, arrival.keyID))
      isMoving = true
    } else if arrival.isRestart {
      notices.append(.restarted(origin.sender, origin.epoch))
    } else if endsSilence {
      notices.append(.heardAgain(origin.sender))
    }
    // A straggler of an earlier epoch may well come from where the member was before.
    if !arrival.isStraggler { notices += alternation(origin.sender, origin.source) }
    return notices.isEmpty ? [] : notices.filter { limit.admit($0, now: now) }
  }

  /// Takes note of a datagram that was refused.
  mutating func refused(_ refused: Refused, now: Moment) -> [Notice] {
    guard let header = refused.header else { return [] }
    let (member, source) = (header.member, refused.source)
    var notices: [Notice] = []
    switch refused.reason {
    case .forged:
      notices = [followed.contains(member) ? .forged(member, source) : .forgedOther(member, source)]
    case .unknownMember:
      notices = [.unknownMember(member, source)]
    case .otherSuite:
      notices = [.otherSuite(member, source)]
    case .duplicateID:
      notices = [refused.isRepeated ? .ownIDRepeated(source) : .ownIDUsed(source)]
    case .staleEpoch:
      if let later = refused.laterEpoch, let epoch = try? Epoch(header.epoch) {
        notices = [.staleEpoch(member, epoch, later: later, source)]
      }
      notices += alternation(member, source)
    case .replayed:
      if let epoch = try? Epoch(header.epoch), watch(member, { $0.repeats(now: now) }) {
        notices = [.repeating(member, epoch, source)]
      }
      notices += alternation(member, source)
    case .foreign, .malformed, .own, .overrun:
      break
    }
    if notices.isEmpty { return [] }
    lastRefused = now
    return notices.filter { limit.admit($0, now: now) }
  }

  /// Takes note of a key that is not accepted any more, and of the members that were still heard with it.
  func dropped(_ keyID: KeyID, _ members: [MemberID]) -> [Notice] {
    // As often as somebody drops a key, which nobody on the network can do.
    members.isEmpty ? [] : [.keyDropped(keyID, members)]
  }

  /// Looks at who has not been heard, and who has gone over to another key. To be called once a second or so.
  ///
  /// - Parameter whereabouts: Which key each member sends with.
  mutating func tick(_ whereabouts: Whereabouts, now: Moment) -> [Notice] {
    let tick = lastTick.duration(to: now)
    if tick > Self.longestTick {
      lastHeard += tick
      for index in members.indices { members[index].leaveOut(tick) }
    }
    lastTick = now
    var notices: [Notice] = []
    let quiet = lastHeard.duration(to: now)
    // Members that speak once a minute are not missed after ten seconds.
    let usual = members.compactMap(\.longestPause).min().map { $0 * 2 }
    if !isQuiet, quiet >= max(Self.longestQuiet, usual ?? (hasHeard ? Self.longestQuietOfStrangers : .zero)) {
      isQuiet = true
      notices.append(.nothingHeard(quiet, isArriving: lastRefused.map { $0 > lastHeard } ?? false))
    }
    for index in members.indices {
      if let silence = members[index].newSilence(now: now) {
        notices.append(.silent(MemberID(rawValue: UInt8(index)), silence))
      }
    }
    notices = notices.filter { limit.admit($0, now: now) }
    if isMoving {
      // Unlimited: it takes a holder of two secrets to cause it, and nobody should have to wait for it.
      notices.append(.readiness(Readiness(whereabouts, of: followed)))
      isMoving = false
    }
    return notices
  }

  private mutating func alternation(_ member: MemberID, _ source: Endpoint) -> [Notice] {
    watch(member) { $0.spoke(from: source) }.map { [.alternating(member, $0.0, $0.1)] } ?? []
  }

  private mutating func watch<Value>(_ member: MemberID, _ body: (inout MemberWatch) -> Value) -> Value {
    body(&members[Int(member.rawValue)])
  }
}
