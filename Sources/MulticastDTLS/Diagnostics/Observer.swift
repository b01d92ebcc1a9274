/// Watches what arrives, and says what a person should know. Pure: it is told the time, and returns notices.
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

  private var limit = NoticeRateLimit()
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
  /// The members whose silence was noticed at the last tick.
  private(set) var newlySilent: [MemberID] = []
  /// The last jump of each member that had one.
  private var jumps: [MemberID: SequenceJump] = [:]
  /// Whether the quiet has been noticed, and not ended since.
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
  mutating func heard(_ run: ReceivedRun, now: BootInstant) -> [Notice] {
    let (record, origin) = (run.first, run.origin)
    lastHeard = now
    isQuiet = false
    hasHeard = true
    var notices: [Notice] = []
    let endsSilence = watch(origin.sender) { watch in
      if record.isKeyChange { watch.changedKey() }
      let endsSilence = watch.heard(record.keyID, origin.epoch, origin.sequence, now: now)
      if run.count > 1 { _ = watch.heard(record.keyID, origin.epoch, run.highest, now: now) }
      return endsSilence
    }
    if record.isKeyChange {
      notices.append(.keyChanged(origin.sender, record.keyID))
      isMoving = true
    } else if record.isRestart, epochJump(run) == nil {
      notices.append(.restarted(origin.sender, origin.epoch))
    } else if endsSilence {
      notices.append(.heardAgain(origin.sender))
    } else if missed?.isEmpty == false, missed?.remove(origin.sender) != nil {
      notices.append(.heardLate(origin.sender, start.duration(to: now)))
    }
    lost.overrun += run.count - run.delivered
    if let jump = epochJump(run) { notices.append(jump) }
    // A straggler of an earlier epoch may well come from where the member was before.
    if !record.isStraggler { notices += alternation(origin.sender, origin.source) }
    return notices.isEmpty ? [] : notices.compactMap { limit.admit($0, now: now) }
  }

  /// Takes note of a rejected datagram.
  mutating func rejected(_ rejection: Rejection, now: BootInstant) -> [Notice] {
    guard let header = rejection.header else { return [] }
    let (member, source) = (header.member, rejection.source)
    var notices: [Notice] = []
    switch rejection.reason {
    case .forged:
      notices = [followed.contains(member) ? .forged(member, source) : .forgedOther(member, source)]
    case .unknownMember:
      notices = [.unknownMember(member, source)]
    case .otherSuite:
      notices = [.otherSuite(member, source)]
    case .duplicateID:
      notices = [rejection.isRepeated ? .ownIDRepeated(source) : .ownIDUsed(source)]
      if let overtaking = rejection.overtaking { notices.append(.overtaken(overtaking, source)) }
    case .staleEpoch:
      if let later = rejection.laterEpoch, let epoch = try? Epoch(header.epoch) {
        notices = [.staleEpoch(member, epoch, later: later, source)]
      }
      notices += alternation(member, source)
    case .replayed:
      if let epoch = try? Epoch(header.epoch), watch(member, { $0.repeats(now: now) }) {
        let jump = jumps[member].flatMap { $0.includes(header) ? $0 : nil }
        notices = [jump.map { .leftBehind($0, source) } ?? .repeating(member, epoch, source)]
      }
      notices += alternation(member, source)
    case .overrun:
      lost.overrun += 1
    case .foreign, .malformed, .own:
      break
    }
    if notices.isEmpty { return [] }
    lastRejected = now
    return notices.compactMap { limit.admit($0, now: now) }
  }

  private func epochJump(_ run: ReceivedRun) -> Notice? {
    guard let former = run.first.formerEpoch else { return nil }
    let (member, epoch) = (run.origin.sender, run.origin.epoch)
    guard Int(epoch.rawValue) - Int(former.rawValue) > Self.longestEpochStep else { return nil }
    return .epochJump(member, from: former, to: epoch, run.origin.source)
  }

  /// Takes note of gaps in members' numbers that are too long for loss.
  mutating func jumped(_ jumps: [SequenceJump], now: BootInstant) -> [Notice] {
    for jump in jumps { self.jumps[jump.member] = jump }
    return jumps.compactMap { limit.admit(.sequenceJump($0), now: now) }
  }

  /// Takes note of a key that is not accepted any more, and of the members that were still heard with it.
  func dropped(_ keyID: KeyID, _ members: [MemberID]) -> [Notice] {
    // As often as somebody drops a key, which nobody on the network can do.
    members.isEmpty ? [] : [.keyDropped(keyID, members)]
  }

  /// Looks at who has not been heard, who has gone over to another key, and what was lost. To be called once a second or so.
  ///
  /// - Parameters:
  ///   - sendingKeys: The key that each member sends with, of the members that were heard.
  ///   - sendingKey: The key that this node sends with now; nil if it only listens.
  ///   - droppedByKernel: About how many datagrams the kernel has dropped until now.
  mutating func tick(
    _ sendingKeys: [MemberID: KeyID], sendingKey: KeyID? = nil, droppedByKernel: Int = 0, now: BootInstant
  ) -> [Notice] {
    let tick = lastTick.duration(to: now)
    if tick > Self.longestTick {
      lastHeard += tick
      start += tick
      for index in members.indices { members[index].leaveOut(tick) }
    }
    lastTick = now
    var notices: [Notice] = []
    let quiet = lastHeard.duration(to: now)
    // Members that speak once a minute are not missed after ten seconds.
    let usual = members.lazy.compactMap(\.longestPause).min().map { $0 * 2 }
    if !isQuiet, quiet >= max(Self.longestQuiet, usual ?? (hasHeard ? Self.longestQuietOfStrangers : .zero)) {
      isQuiet = true
      notices.append(.nothingHeard(quiet, isArriving: lastRejected.map { $0 > lastHeard } ?? false))
    }
    newlySilent = []
    for index in members.indices {
      if let silence = members[index].newSilence(now: now) {
        let member = MemberID(rawValue: UInt8(index))
        newlySilent.append(member)
        notices.append(.silent(member, silence))
      }
    }
    notices += absence(now: now)
    notices = notices.compactMap { limit.admit($0, now: now) } + limit.due(now: now)
    lost.droppedByKernel = droppedByKernel
    notices += sayLost(now: now)
    return notices + move(sendingKeys, sendingKey, now: now)
  }

  private mutating func sayLost(now: BootInstant) -> [Notice] {
    // Both are changed at once, and neither knows the other.
    var limit = limit
    defer { self.limit = limit }
    return lost.notices { limit.admit($0, now: now) }
  }

  /// Says once who has not been heard since the start.
  private mutating func absence(now: BootInstant) -> [Notice] {
    guard missed == nil, start.duration(to: now) >= Self.longestAbsence else { return [] }
    let unheard = awaited.filter { members[Int($0.rawValue)].lastHeard == nil }
    missed = Set(unheard)
    return unheard.isEmpty ? [] : [.neverHeard(MemberSet(unheard))]
  }

  /// Says where all are if a member, or this node, has gone over to another key.
  private mutating func move(_ sendingKeys: [MemberID: KeyID], _ sendingKey: KeyID?, now: BootInstant) -> [Notice] {
    if let sendingKey, let former = self.sendingKey, former != sendingKey, !followed.isEmpty { isMoving = true }
    self.sendingKey = sendingKey
    guard isMoving,
      let notice = limit.admit(.readiness(RotationProgress(sendingKeys, of: followed, awaited: awaited)), now: now)
    else { return [] }
    isMoving = false
    return [notice]
  }

  /// Says the notices that have waited; to be called at the end.
  mutating func finish() -> [Notice] {
    limit.rest() + lost.rest()
  }

  private mutating func alternation(_ member: MemberID, _ source: Endpoint) -> [Notice] {
    watch(member) { $0.spoke(from: source) }.map { [.alternating(member, $0.0, $0.1)] } ?? []
  }

  private mutating func watch<Value>(_ member: MemberID, _ body: (inout MemberWatch) -> Value) -> Value {
    body(&members[Int(member.rawValue)])
  }
}
