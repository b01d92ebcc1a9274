/// Watches what arrives, and says what a person should know. Pure: it is told the time, and returns events.
struct Observer {
  /// For how long nobody may be heard before it is said.
  private static let longestQuiet = Duration.seconds(10)
  /// The same, once somebody was heard whose interval is not known yet.
  private static let longestQuietOfStrangers = Duration.seconds(30)
  /// For how long a member may not be heard after the start before it is said.
  private static let longestAbsence = Duration.seconds(30)
  /// A member that begins so many epochs later than before has hardly been restarted so often.
  private static let longestEpochStep = 1000
  /// Ticks that are further apart mean that the machine or the process slept, and nobody listened.
  private static let longestTick = Duration.seconds(3)

  private var limit = EventRateLimit()
  private var members = [MemberWatch](repeating: MemberWatch(), count: 256)
  /// When anything was heard last; at first, the start.
  private var lastHeard: BootInstant
  private var lastTick: BootInstant
  private var hasHeard = false
  /// When a record came last that was refused, and that somebody was told of.
  private var lastRejected: BootInstant?
  private let followed: MemberSet
  /// The members that the group is known to have.
  private let awaited: MemberSet
  /// Those of them that were not heard in time, and not since; nil as long as that time has not passed.
  private var missed: Set<MemberID>?
  /// When this node began to listen, later by the time that it has slept since.
  private var start: BootInstant
  /// The key that this node sends with; nil if it only listens.
  private var sendingKey: KeyID?
  /// True if a member or this node has gone over to another key since that was said.
  private var isMoving = false
  /// The losses on this machine.
  private var lost = LocalLoss()
  /// The members whose silence was eventd at the last tick.
  private(set) var newlySilent: [MemberID] = []
  /// The last jump of each member that had one.
  private var jumps: [MemberID: SequenceJump] = [:]
  /// Whether the quiet has been eventd, and not ended since.
  private var isQuiet = false

  /// - Parameters:
  ///   - followed: The members that are listened to.
  ///   - awaited: Those of them that the group is known to have.
  ///   - isWatching: Whether this only watches: who was never heard is in its table.
  ///   - sendingKey: The key that this node sends with; nil if it only listens.
  init(
    start: BootInstant, followed: MemberSet, awaited: MemberSet = MemberSet(), isWatching: Bool = false,
    sendingKey: KeyID? = nil
  ) {
    missed = isWatching ? [] : nil
    lastHeard = start
    lastTick = start
    self.start = start
    self.followed = followed
    self.awaited = awaited
    self.sendingKey = sendingKey
    isQuiet = followed.isEmpty
  }

  /// Takes note of messages that were accepted.
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
      isMoving = true
    } else if record.isRestart, epochJump(run) == nil {
      events.append(.restarted(origin.sender, origin.epoch))
    } else if endsSilence {
      events.append(.heardAgain(origin.sender))
    } else if missed?.isEmpty == false, missed?.remove(origin.sender) != nil {
      events.append(.heardLate(origin.sender, after: start.duration(to: now)))
    }
    lost.overrun += run.count - run.delivered
    if let jump = epochJump(run) { events.append(jump) }
    // A straggler of an earlier epoch may well come from where the member was before.
    if !record.isStraggler { events += alternation(origin.sender, origin.source) }
    return events.isEmpty ? [] : events.compactMap { limit.admit($0, now: now) }
  }

  /// Takes note of a rejected datagram.
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
      if let later = rejection.laterEpoch, let epoch = try? Epoch(header.epoch) {
        events = [.staleEpoch(member, epoch, later: later, from: source)]
      }
      events += alternation(member, source)
    case .replayed:
      if let epoch = try? Epoch(header.epoch), watch(member, { $0.repeats(now: now) }) {
        let jump = jumps[member].flatMap { $0.includes(header) ? $0 : nil }
        events = [jump.map { .leftBehind($0, from: source) } ?? .repeatedNumbers(member, epoch, from: source)]
      }
      events += alternation(member, source)
    case .overrun:
      lost.overrun += 1
    case .foreign, .malformed, .own:
      break
    }
    if events.isEmpty { return [] }
    lastRejected = now
    return events.compactMap { limit.admit($0, now: now) }
  }

  private func epochJump(_ run: ReceivedRun) -> PeerEvent? {
    guard let former = run.first.formerEpoch else { return nil }
    let (member, epoch) = (run.origin.sender, run.origin.epoch)
    guard Int(epoch.rawValue) - Int(former.rawValue) > Self.longestEpochStep else { return nil }
    return .epochJump(member, from: former, to: epoch, source: run.origin.source)
  }

  /// Takes note of gaps in members' numbers that are too long for loss.
  mutating func jumped(_ jumps: [SequenceJump], now: BootInstant) -> [PeerEvent] {
    for jump in jumps { self.jumps[jump.member] = jump }
    return jumps.compactMap { limit.admit(.sequenceJump($0), now: now) }
  }

  /// Takes note of a key that is not accepted any more, and of the members that were still heard with it.
  func dropped(_ keyID: KeyID, _ members: [MemberID]) -> [PeerEvent] {
    // As often as somebody drops a key, which nobody on the network can do.
    members.isEmpty ? [] : [.keyRemoved(keyID, lastUsedBy: MemberSet(members))]
  }

  /// Looks at who has not been heard, who has gone over to another key, and what was lost. To be called once a second or so.
  ///
  /// - Parameters:
  ///   - sendingKeys: The key that each member sends with, of the members that were heard.
  ///   - sendingKey: The key that this node sends with now; nil if it only listens.
  ///   - droppedByKernel: About how many datagrams the kernel has dropped until now.
  mutating func tick(
    _ sendingKeys: [MemberID: KeyID], sendingKey: KeyID? = nil, droppedByKernel: Int = 0, now: BootInstant
  ) -> [PeerEvent] {
    let tick = lastTick.duration(to: now)
    if tick > Self.longestTick {
      lastHeard += tick
      start += tick
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
    events += absence(now: now)
    events = events.compactMap { limit.admit($0, now: now) } + limit.due(now: now)
    lost.droppedByKernel = droppedByKernel
    events += sayLost(now: now)
    return events + move(sendingKeys, sendingKey, now: now)
  }

  private mutating func sayLost(now: BootInstant) -> [PeerEvent] {
    // Both are changed at once, and neither knows the other.
    var limit = limit
    defer { self.limit = limit }
    return lost.events { limit.admit($0, now: now) }
  }

  /// Says once who has not been heard since the start.
  private mutating func absence(now: BootInstant) -> [PeerEvent] {
    guard missed == nil, start.duration(to: now) >= Self.longestAbsence else { return [] }
    let unheard = awaited.filter { members[Int($0.rawValue)].lastHeard == nil }
    missed = Set(unheard)
    return unheard.isEmpty ? [] : [.neverHeard(MemberSet(unheard))]
  }

  /// Says where all are if a member, or this node, has gone over to another key.
  private mutating func move(_ sendingKeys: [MemberID: KeyID], _ sendingKey: KeyID?, now: BootInstant) -> [PeerEvent] {
    if let sendingKey, let former = self.sendingKey, former != sendingKey, !followed.isEmpty { isMoving = true }
    self.sendingKey = sendingKey
    guard isMoving,
      let event = limit.admit(.rotation(RotationProgress(sendingKeys, of: followed, awaited: awaited)), now: now)
    else { return [] }
    isMoving = false
    return [event]
  }

  /// Says the events that have waited; to be called at the end.
  mutating func finish() -> [PeerEvent] {
    limit.rest() + lost.rest()
  }

  private mutating func alternation(_ member: MemberID, _ source: Endpoint) -> [PeerEvent] {
    watch(member) { $0.spoke(from: source) }.map { [.alternatingSources(member, $0.0, $0.1)] } ?? []
  }

  private mutating func watch<Value>(_ member: MemberID, _ body: (inout MemberWatch) -> Value) -> Value {
    body(&members[Int(member.rawValue)])
  }
}
