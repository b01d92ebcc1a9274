/// Observes received runs and rejections, and returns rate-limited events. Pure: every call gets the time.
struct Observer {
  /// The time without any message until it is reported.
  private static let longestQuiet = Duration.seconds(10)
  /// As above, once a member was heard whose interval is not known yet.
  private static let longestQuietOfStrangers = Duration.seconds(30)
  /// The longest step between epochs that restarts explain.
  private static let longestEpochStep = 1000
  /// Ticks further apart mean that the machine or the process slept, and did not listen.
  private static let longestTick = Duration.seconds(3)

  private var limit = EventRateLimit()
  private var members = [MemberWatch](repeating: MemberWatch(), count: 256)
  /// The time of the last message; at first, the start.
  private var lastHeard: BootInstant
  private var lastTick: BootInstant
  private var hasHeard = false
  /// The time of the last rejection that was worth an event.
  private var lastRejected: BootInstant?
  private var followed: MemberSet
  /// The members that the configuration names.
  private var awaited: MemberSet
  private var absence: Absence
  private let isWatching: Bool
  /// The key that this member sends with; nil if it only listens.
  private var sendingKey: KeyID?
  /// True if a member, or this one, changed its key since the last such event.
  private var isRotating = false
  /// The losses on this machine.
  private var lost = LocalLoss()
  /// The members whose silence was noticed at the last tick.
  private(set) var newlySilent: [MemberID] = []
  /// The last jump of each member.
  private var jumps: [MemberID: SequenceJump] = [:]
  /// True if the quiet was reported and has not ended.
  private var isQuiet = false

  /// - Parameters:
  ///   - followed: The members to hear.
  ///   - awaited: The members that the configuration names.
  ///   - isWatching: True for a watcher, whose table shows the members that were never heard.
  ///   - sendingKey: The key that this member sends with; nil if it only listens.
  init(
    start: BootInstant, followed: MemberSet, awaited: MemberSet = MemberSet(), isWatching: Bool = false,
    sendingKey: KeyID? = nil
  ) {
    self.isWatching = isWatching
    absence = Absence(of: isWatching ? MemberSet() : awaited, since: start)
    lastHeard = start
    lastTick = start
    self.followed = followed
    self.awaited = awaited
    self.sendingKey = sendingKey
    isQuiet = followed.isEmpty
  }

  /// Follows other members from now on.
  ///
  /// - Parameter awaited: The members that the configuration names.
  mutating func follow(_ followed: MemberSet, awaited: MemberSet, now: BootInstant) {
    for member in followed.union(self.followed) where followed.contains(member) != self.followed.contains(member) {
      // A member that comes back is a new one: it is not silent for the time in which it was not followed.
      watch(member) { $0 = MemberWatch() }
    }
    for member in self.awaited where !awaited.contains(member) { absence.forget(member) }
    if !isWatching { absence.expect(MemberSet(awaited.filter { !self.awaited.contains($0) }), since: now) }
    if self.followed.isEmpty != followed.isEmpty { (isQuiet, lastHeard) = (followed.isEmpty, now) }
    (self.followed, self.awaited) = (followed, awaited)
  }

  /// Observes a run of accepted records.
  mutating func heard(_ run: ReceivedRun, now: BootInstant) -> [PeerEvent] {
    let (record, origin) = (run.first, run.origin)
    lastHeard = now
    isQuiet = false
    hasHeard = true
    var events: [PeerEvent] = []
    let endsSilence = watch(origin.sender) { watch in
      if record.isKeyChange { watch.changedKey() }
      let endsSilence = watch.heard(record.keyID, origin.epoch, origin.sequence, now: now)
      if run.count > 1 { _ = watch.heard(record.keyID, origin.epoch, run.highest, now: now) }
      return endsSilence
    }
    if record.isKeyChange {
      events.append(.keyChange(origin.sender, to: record.keyID))
      isRotating = true
    } else if record.isRestart, epochJump(run) == nil {
      events.append(.restarted(origin.sender, origin.epoch))
    } else if endsSilence {
      events.append(.heardAgain(origin.sender))
    }
    if let absence = absence.heard(origin.sender, now: now), events.isEmpty {
      events.append(.heardLate(origin.sender, after: absence))
    }
    lost.overrun += run.count - run.delivered
    if let jump = epochJump(run) { events.append(jump) }
    // A straggler of an earlier epoch may come from the member's former address.
    if !record.isStraggler { events += alternation(origin.sender, origin.source) }
    return events.isEmpty ? [] : events.compactMap { limit.admit($0, now: now) }
  }

  /// Observes a rejected datagram.
  mutating func rejected(_ rejection: Rejection, now: BootInstant) -> [PeerEvent] {
    guard let header = rejection.header else { return [] }
    let (member, source) = (header.member, rejection.source)
    var events: [PeerEvent] = []
    switch rejection.reason {
    case .forged:
      events = [.otherSecret(member, from: source, isExpected: followed.contains(member))]
    case .unknownMember:
      events = [.unknownMember(member, from: source)]
    case .otherSuite:
      events = [.otherSuite(member, from: source)]
    case .duplicateID:
      events = [.duplicateID(from: source, isRepeated: rejection.isRepeated)]
      if let overtaking = rejection.overtaking { events.append(.overtaken(overtaking, from: source)) }
    case .staleEpoch:
      if let later = rejection.laterEpoch, let epoch = Epoch(rawValue: header.epoch) {
        events = [.staleEpoch(member, epoch, later: later, from: source)]
      }
      events += alternation(member, source)
    case .replayed:
      if let epoch = Epoch(rawValue: header.epoch), watch(member, { $0.repeats(now: now) }) {
        let jump = jumps[member].flatMap { $0.includes(header) ? $0 : nil }
        events = [jump.map { .leftBehind($0, from: source) } ?? .repeatedNumbers(member, epoch, from: source)]
      }
      events += alternation(member, source)
    case .unsigned:
      events = [.unsigned(member, from: source)]
    case .noKey:
      events = [.noKey(member, from: source)]
    case .notBySender:
      events = [.notBySender(member, from: source)]
    case .overrun:
      lost.overrun += 1
    case .foreign, .malformed, .own, .unverified:
      break
    }
    if events.isEmpty { return [] }
    lastRejected = now
    return events.compactMap { limit.admit($0, now: now) }
  }

  /// Observes a member of an unsigned group whose last messages all had a signature's trailer.
  mutating func looksSigned(_ member: MemberID, from source: Endpoint, now: BootInstant) -> [PeerEvent] {
    limit.admit(.signed(member, from: source), now: now).map { [$0] } ?? []
  }

  private func epochJump(_ run: ReceivedRun) -> PeerEvent? {
    guard let former = run.first.formerEpoch else { return nil }
    let (member, epoch) = (run.origin.sender, run.origin.epoch)
    guard Int(epoch.rawValue) - Int(former.rawValue) > Self.longestEpochStep else { return nil }
    return .epochJump(member, former: former, to: epoch, from: run.origin.source)
  }

  /// Observes gaps in members' numbers that are too long for loss.
  mutating func jumped(_ jumps: [SequenceJump], now: BootInstant) -> [PeerEvent] {
    for jump in jumps { self.jumps[jump.member] = jump }
    return jumps.compactMap { limit.admit(.sequenceJump($0), now: now) }
  }

  /// Observes a key that was removed, and the members that were last heard with it.
  func dropped(_ keyID: KeyID, _ members: [MemberID]) -> [PeerEvent] {
    // No rate limit: nobody on the network can cause it.
    members.isEmpty ? [] : [.keyRemoved(keyID, lastUsedBy: MemberSet(members))]
  }

  /// Looks for silent members, changed keys and losses. To be called about once a second.
  ///
  /// - Parameters:
  ///   - sendingKeys: The key that each member sends with, of the members that were heard.
  ///   - sendingKey: The key that this member sends with now; nil if it only listens.
  ///   - droppedByKernel: The estimated number of datagrams that the kernel has dropped so far.
  mutating func tick(
    _ sendingKeys: [MemberID: KeyID], sendingKey: KeyID? = nil, droppedByKernel: Int = 0, now: BootInstant
  ) -> [PeerEvent] {
    let tick = lastTick.duration(to: now)
    if tick > Self.longestTick {
      lastHeard += tick
      absence.leaveOut(tick)
      for index in members.indices { members[index].leaveOut(tick) }
    }
    lastTick = now
    var events: [PeerEvent] = []
    let quiet = lastHeard.duration(to: now)
    // Members that speak once a minute are not missed after ten seconds.
    let usual = members.lazy.compactMap(\.longestPause).min().map { $0 * 2 }
    if !isQuiet, quiet >= max(Self.longestQuiet, usual ?? (hasHeard ? Self.longestQuietOfStrangers : .zero)) {
      isQuiet = true
      events.append(.nothingHeard(for: quiet, isArriving: lastRejected.map { $0 > lastHeard } ?? false))
    }
    newlySilent = []
    for index in members.indices {
      if let silence = members[index].newSilence(now: now) {
        let member = MemberID(rawValue: UInt8(index))
        newlySilent.append(member)
        events.append(.silent(member, for: silence))
      }
    }
    let absent = absence.due(now: now)
    if !absent.isEmpty { events.append(.neverHeard(absent)) }
    events = events.compactMap { limit.admit($0, now: now) } + limit.due(now: now)
    lost.droppedByKernel = droppedByKernel
    events += reportLosses(now: now)
    return events + reportRotation(sendingKeys, sendingKey, now: now)
  }

  /// The longest recent time between two messages of each member, as far as it is known.
  var intervals: [(member: MemberID, interval: Duration)] {
    members.indices.compactMap { index in
      members[index].longestPause.map { (MemberID(rawValue: UInt8(index)), $0) }
    }
  }

  private mutating func reportLosses(now: BootInstant) -> [PeerEvent] {
    // Both change in one call, and neither knows the other.
    var limit = limit
    defer { self.limit = limit }
    return lost.events { limit.admit($0, now: now) }
  }

  /// Reports the keys of all members after a member, or this one, changed its key.
  private mutating func reportRotation(_ sendingKeys: [MemberID: KeyID], _ sendingKey: KeyID?, now: BootInstant)
    -> [PeerEvent]
  {
    if let sendingKey, let former = self.sendingKey, former != sendingKey, !followed.isEmpty { isRotating = true }
    self.sendingKey = sendingKey
    guard isRotating,
      let event = limit.admit(
        .rotation(
          RotationProgress(sendingKeys, of: followed, awaited: awaited, own: sendingKey)), now: now)
    else { return [] }
    isRotating = false
    return [event]
  }

  /// Returns the events that waited; to be called at the end.
  mutating func finish() -> [PeerEvent] {
    limit.rest() + lost.rest()
  }

  private mutating func alternation(_ member: MemberID, _ source: Endpoint) -> [PeerEvent] {
    watch(member) { $0.spoke(from: source) }.map { [.alternatingSources(member, $0.0, and: $0.1)] } ?? []
  }

  private mutating func watch<Value>(_ member: MemberID, _ body: (inout MemberWatch) -> Value) -> Value {
    body(&members[Int(member.rawValue)])
  }
}
