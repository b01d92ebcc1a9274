/// Turns datagrams into messages, and counts and observes every outcome. Confined to the receive thread.
///
/// 1. The header is validated, and names the member.
/// 2. The member's stream under the key that it sends with finds the epoch's window (see ``RemoteMember``).
/// 3. The window's session opens the record, and the window remembers its number.
/// 4. The handler gets the message at once.
/// 5. At the end of a batch, the records of each member are counted and observed as one run, and the figures are published
///    under one lock. A record that does more than continue its run (a new epoch, key or address) ends the run before it.
@safe
struct Receiver: ~Copyable {
  /// Takes a message, lent for the call, and returns true if it had room for it.
  typealias Handler = @Sendable (_ origin: Message.Origin, _ payload: Span<UInt8>) -> Bool

  /// An authentic record with our own ID that we did not send, in our epoch or a later one of a key. Without our signature,
  /// in a signed group, it is certain only that a member of the group made it, and it is of our epoch.
  struct Contest {
    let keyID: KeyID
    let epoch: Epoch
    let source: Endpoint
    let isCertain: Bool
  }

  /// True if a position is newer than the positions saved last.
  private(set) var isUnsaved = false
  /// True if one of these is the first of an epoch.
  private(set) var hasNewEpoch = false

  private let suite: CipherSuite
  private let ownMember: MemberID?
  private let sent: SentRecords
  private let handler: Handler
  private let onContest: (@Sendable (Contest, BootInstant) -> Void)?
  private let counters: ReceiveCounters
  private let payload = UnsafeMutableRawBufferPointer.allocate(byteCount: RecordHeader.maximumRecord, alignment: 16)

  /// One for each of the 256 IDs.
  var members: InlineArray<256, RemoteMember>
  private(set) var keys: [OpeningKey]
  private var observer: Observer
  /// The members whose run is not counted yet.
  private var dirty: [MemberID] = []
  /// The rejections that are not counted yet.
  private var rejected: [(reason: RejectionReason, member: MemberID?)] = []
  private var events: [PeerEvent] = []
  private var probe = ProbeDatagram()
  /// The public keys of all members, by which signatures are verified.
  private let senders: SenderKeys
  /// True if a key of the ring requires signatures.
  private var hasSignedKey = false
  private var otherSuite = OtherSuiteTries()

  /// - Parameters:
  ///   - keys: The keys of the ring; at least one, all of one context.
  ///   - followed: The members to receive from; our own ID among them changes nothing.
  ///   - sent: The records of this process, by which its own are known when they loop back.
  init(
    _ keys: [OpeningKey], following followed: MemberSet, sent: SentRecords, observer: Observer,
    counters: ReceiveCounters,
    onContest: (@Sendable (Contest, BootInstant) -> Void)? = nil, handler: @escaping Handler
  ) {
    precondition(!keys.isEmpty, "a ring has at least one key")
    let context = keys[0].key.context
    suite = context.suite
    ownMember = context.ownMember
    senders = SenderKeys(ownMember: context.ownMember)
    let others = followed.without(context.ownMember)
    members = InlineArray { index in
      let id = MemberID(rawValue: UInt8(index))
      return RemoteMember(id, isFollowed: others.contains(id))
    }
    self.keys = keys
    self.sent = sent
    self.observer = observer
    self.counters = counters
    self.onContest = onContest
    self.handler = handler
    accept(keys)
  }

  deinit {
    unsafe payload.deallocate()
  }

  /// Accepts records of these keys from now on, and of no other.
  mutating func accept(_ keys: [OpeningKey]) {
    self.keys = keys
    for key in keys { key.verify(by: senders) }
    hasSignedKey = keys.contains(where: \.isSigned)
    for place in members.indices { members[place].accept(keys) }
  }

  /// Receives from these members from now on, and from no other. The speakers are those that send, and the awaited ones
  /// those of them that the configuration names.
  mutating func follow(_ followed: MemberSet, speakers: MemberSet, awaited: MemberSet, now: BootInstant) {
    let others = followed.without(ownMember)
    for place in members.indices { members[place].follow(others.contains(members[place].id), keys) }
    observer.follow(speakers, awaited: awaited, now: now)
  }

  /// Verifies signatures by these public keys of the members from now on.
  mutating func verify(by publicKeys: [MemberID: MemberKeys]) {
    senders.replace(by: publicKeys)
  }

  // MARK: - One datagram

  /// Receives one datagram: opens it, and hands its message to the handler.
  ///
  /// - Parameter interface: The kernel's number of the interface that the datagram came in by, for the handler.
  mutating func receive(
    _ datagram: UnsafeBufferPointer<UInt8>, from source: Endpoint, on interface: UInt32 = 0, now: BootInstant
  ) {
    do throws(Rejection) {
      let opened = try unsafe open(datagram, from: source, on: interface, now: now)
      let message = unsafe lentPayload(opened.record.count)
      let isDelivered = unsafe handler(opened.origin, message.span)
      count(opened.record, opened.origin, isDelivered: isDelivered, now: now)
      if !hasSignedKey, unsafe members[Int(opened.origin.sender.rawValue)].looksSigned(message) {
        events += observer.looksSigned(opened.origin.sender, from: source, now: now)
      }
    } catch {
      reject(error, now: now)
    }
  }

  /// Opens a datagram: the origin of its message, and what its record tells. ``lentPayload(_:)`` has its payload.
  ///
  /// - Throws: The rejection.
  mutating func open(
    _ datagram: UnsafeBufferPointer<UInt8>, from source: Endpoint, on interface: UInt32 = 0, now: BootInstant
  ) throws(Rejection) -> (origin: Message.Origin, record: ReceivedRecord) {
    if hasSignedKey { (senders.now, senders.source) = (now, source) }
    guard let header = RecordHeader(validating: unsafe datagram.span), let epoch = Epoch(rawValue: header.epoch),
      members[Int(header.member.rawValue)].isFollowed
    else { throw unsafe rejection(of: datagram, from: source, now: now) }
    let record = try unsafe open(datagram, header, epoch, from: source, now: now)
    if record.isFirstOfEpoch { hasNewEpoch = true }
    let origin = Message.Origin(
      sender: header.member, epoch: epoch, sequence: header.sequence, source: source, interface: interface)
    return (origin, record)
  }

  /// Opens a validated record of a member that is followed.
  private mutating func open(
    _ record: UnsafeBufferPointer<UInt8>, _ header: RecordHeader, _ epoch: Epoch, from source: Endpoint,
    now: BootInstant
  ) throws(Rejection) -> ReceivedRecord {
    do throws(Rejection) {
      return try unsafe members[Int(header.member.rawValue)].open(
        record, header: header, epoch: epoch, from: source, into: payload, now: now)
    } catch {
      guard error.reason == .forged || header.length < suite.tagSize, unsafe isOfOtherSuite(record, now) else {
        throw error
      }
      throw Rejection(.otherSuite, header, source)
    }
  }

  /// The payload of the record that was opened last, lent until the next one is opened.
  func lentPayload(_ count: Int) -> UnsafeBufferPointer<UInt8> {
    unsafe UnsafeBufferPointer(start: payload.bytes, count: count)
  }

  // MARK: - Rejections

  private mutating func reject(_ rejection: Rejection, now: BootInstant) {
    rejected.append((rejection.reason, rejection.header?.member))
    if let member = rejection.header?.member, let run = members[Int(member.rawValue)].takeRun() {
      // The observer gets both in their order.
      count(run, now: now)
      dirty.removeAll { $0 == member }
    }
    if let onContest, let keyID = rejection.contestedKey,
      let epoch = rejection.header.flatMap({ Epoch(rawValue: $0.epoch) })
    {
      onContest(
        Contest(keyID: keyID, epoch: epoch, source: rejection.source, isCertain: rejection.reason == .duplicateID), now)
    }
    events += observer.rejected(rejection, now: now)
  }

  /// The reason to reject a datagram that is no record, or a record of a member that is not followed. The reason of a record
  /// depends on whether it is authentic: its sender is whatever its maker wrote.
  private mutating func rejection(
    of datagram: UnsafeBufferPointer<UInt8>, from source: Endpoint, now: BootInstant
  ) -> Rejection {
    guard let header = RecordHeader(validating: unsafe datagram.span) else {
      guard unsafe !RecordHeader.isPrefix(of: datagram.span) else { return Rejection(.malformed, nil, source) }
      return Rejection(unsafe probe.isOwn(datagram.span, from: source, now: now) ? .own : .foreign, nil, source)
    }
    let isOwn = header.member == ownMember
    let verdict = isOwn ? unsafe sent.classify(datagram, header: header, from: source) : nil
    if verdict == .ours { return Rejection(.own, header, source) }
    guard let key = keys.first(where: { unsafe $0.isAuthentic(datagram) }) else {
      guard unsafe isOfOtherSuite(datagram, now) else { return Rejection(.forged, header, source) }
      // With our own ID it is a duplicate whatever it says, since this process uses one suite.
      // In a signed group, another member can make such a record, too.
      return Rejection(isOwn ? hasSignedKey ? .otherSuite : .duplicateID : .unknownMember, header, source)
    }
    guard isOwn else { return Rejection(.unknownMember, header, source) }
    switch verdict ?? sent.classify(header, keyID: key.keyID, from: source) {
    case .ours:
      return Rejection(.own, header, source)
    case .notOurs:
      // Another member of the group can make such a record. Another process of this member can sign it, too, unless it has
      // another identity: then it uses our nonces all the same.
      if let reason = unsafe key.inspect(datagram) {
        let isOfOurEpoch = suite.isEncrypted && sent.isCurrent(header.epoch, of: key.keyID)
        return Rejection(reason, header, source, contestedKey: isOfOurEpoch ? key.keyID : nil)
      }
      // With encryption this process moves to a later epoch by itself.
      return Rejection(
        .duplicateID, header, source,
        overtaking: suite.isEncrypted ? nil : sent.overtaking(by: header, keyID: key.keyID), contestedKey: key.keyID)
    case .repeated:
      return Rejection(.duplicateID, header, source, isRepeated: true)
    }
  }

  private mutating func isOfOtherSuite(_ record: UnsafeBufferPointer<UInt8>, _ now: BootInstant) -> Bool {
    otherSuite.admits(now: now) && keys.contains { unsafe $0.isOfOtherSuite(record) }
  }

  // MARK: - Counting

  /// Adds a record to its member's run, and counts the run that it ends.
  private mutating func count(
    _ record: ReceivedRecord, _ origin: Message.Origin, isDelivered: Bool, now: BootInstant
  ) {
    let place = Int(origin.sender.rawValue)
    if members[place].continueRun(with: record, origin, isDelivered: isDelivered) { return }
    if let run = members[place].takeRun() { count(run, now: now) } else { dirty.append(origin.sender) }
    members[place].beginRun(ReceivedRun(record, origin, isDelivered: isDelivered))
  }

  private mutating func count(_ run: ReceivedRun, now: BootInstant) {
    counters.counts.withLock { $0.count(run, now: now) }
    observe(run, now: now)
  }

  private mutating func observe(_ run: ReceivedRun, now: BootInstant) {
    isUnsaved = true
    events += observer.heard(run, now: now)
  }

  /// Publishes the figures of a batch, and observes it; to be called when all its datagrams were received.
  mutating func endBatch(now: BootInstant) {
    if dirty.isEmpty, rejected.isEmpty { return }
    counters.counts.withLock { counts in
      for member in dirty {
        if let run = members[Int(member.rawValue)].run { counts.count(run, now: now) }
      }
      for (reason, member) in rejected { counts.count(reason, of: member) }
    }
    rejected.removeAll(keepingCapacity: true)
    for member in dirty {
      if let run = members[Int(member.rawValue)].takeRun() { observe(run, now: now) }
    }
    dirty.removeAll(keepingCapacity: true)
  }

  /// Looks for silent members, losses and gaps; to be called once a second or so.
  ///
  /// - Parameters:
  ///   - sendingKey: The key that this process sends with; nil if it only listens.
  ///   - droppedByKernel: About how many datagrams the kernel has dropped so far.
  mutating func tick(sendingKey: KeyID?, droppedByKernel: Int, now: BootInstant) {
    events += observer.jumped(takeJumps(), now: now)
    events += observer.tick(sendingKeys, sendingKey: sendingKey, droppedByKernel: droppedByKernel, now: now)
    counters.counts.withLock { $0.observed(silent: observer.newlySilent, observer.intervals) }
  }

  /// Reports the members that were still heard with a key that the ring no longer has.
  mutating func dropped(_ keyID: KeyID) {
    let members = sendingKeys.filter { $0.value == keyID }.keys.sorted()
    events += observer.dropped(keyID, members)
  }

  /// Releases the events that wait for their rate limit; to be called at the end.
  mutating func finish() {
    events += observer.finish()
  }

  /// Takes the events since the last call.
  mutating func takeEvents() -> [PeerEvent] {
    if events.isEmpty { return [] }
    defer { events = [] }
    return events
  }

  // MARK: - State

  /// The positions to save now: all of them, which then count as saved.
  mutating func takePositions() -> [KeyID: [MemberID: ReplayPosition]] {
    isUnsaved = false
    hasNewEpoch = false
    return positions
  }
}
