/// The members that are followed, under each key of the ring: a datagram goes in, a message or the reason why there is
/// none comes out. Only the receive loop's thread uses it.
@safe
final class InboundMembers {
  /// Which key each member sends with.
  private(set) var whereabouts = Whereabouts()
  /// True if a member was heard in an epoch in which it had not been heard.
  var hasNewEpoch = false

  private let payload = UnsafeMutableRawBufferPointer.allocate(byteCount: RecordHeader.maximumRecord, alignment: 16)

  private let sent: SentRecords
  private let suite: CipherSuite
  private let admission: Admission
  private var keys: [InboundKey]
  /// Where the last record went that was accepted and no straggler; the next one mostly belongs there, too.
  private var recent: InboundSession?
  /// How often the other suite was tried in the second that began then.
  private var tries: (start: BootInstant, count: Int) = (.now, 0)
  private var probe = ProbeDatagram()

  /// How often a second it is: it only serves to tell somebody why a member is not heard, and doubles what a forgery costs.
  private static let triesPerSecond = 64

  /// - Parameters:
  ///   - keys: The keys of the ring; at least one, all of one context.
  ///   - sent: What this node sends.
  init(_ keys: [InboundKey], sent: SentRecords) {
    precondition(!keys.isEmpty, "a ring has at least one key")
    let context = keys[0].opening.key.context
    self.sent = sent
    suite = context.suite
    admission = Admission(ownMember: context.ownMember)
    self.keys = keys
  }

  deinit {
    unsafe payload.deallocate()
  }

  /// Accepts these keys from now on, and no other.
  func accept(_ keys: [InboundKey]) {
    recent = nil
    self.keys = keys
  }

  /// How far each member has been heard since the start, by key.
  var positions: [KeyID: [MemberID: ReplayPosition]] {
    Dictionary(keys.map { ($0.keyID, $0.positions) }) { first, _ in first }
  }

  /// The gaps in members' numbers since the last call that are too long for loss.
  func takeJumps() -> [SequenceJump] {
    keys.flatMap { $0.opening.takeJumps() }
  }

  /// Admits and opens one datagram. See ``payload(_:)`` for what it carries.
  func open(
    _ datagram: UnsafeBufferPointer<UInt8>, from source: Endpoint, now: BootInstant
  ) -> Result<Arrival, Rejection> {
    if let recent, let header = Admission.headerOfRecord(unsafe datagram.span) {
      switch unsafe openAsRecent(datagram, header: header) {
      case .success(let opened):
        _ = whereabouts.heard(header.member, keyID: recent.key.keyID, isFirstOfEpoch: false, now: now)
        return .success(
          Arrival(
            origin: Message.Origin(
              sender: header.member, epoch: recent.epoch, sequence: header.sequence, source: source),
            count: opened.count, keyID: recent.key.keyID, lost: opened.lost, isLate: opened.isLate, isRestart: false,
            isKeyChange: false, isStraggler: false))
      case .failure(let reason):
        return unsafe openAfterRecent(datagram, header: header, reason, from: source, now: now)
      case nil:
        break
      }
    }
    return switch unsafe admission.judge(datagram.span, isFollowed: { keys[0].members[Int($0.rawValue)] != nil }) {
    case .success(let header):
      unsafe openAdmitted(datagram, header: header, from: source, now: now)
    case .failure(let refused):
      .failure(unsafe reasonFor(refused, datagram, from: source, now: now))
    }
  }

  /// The payload of the record that was opened last, lent until the next one is opened.
  ///
  /// - Parameter count: Its bytes.
  func payload(_ count: Int) -> UnsafeBufferPointer<UInt8> {
    unsafe UnsafeBufferPointer(start: payload.bytes, count: count)
  }

  /// Opens what belongs where the last record went; nil if this does not belong there.
  ///
  /// No other record has been accepted since, so that this still is the session of its member, and its key the one that the
  /// member sends with.
  func openAsRecent(
    _ record: UnsafeBufferPointer<UInt8>, header: RecordHeader
  ) -> Result<InboundSession.Opened, RejectionReason>? {
    guard let recent, header.member == recent.sender, header.epoch == recent.epoch.rawValue,
      header.length >= recent.key.tagSize
    else { return nil }
    return unsafe recent.open(record, header: header, into: payload)
  }

  /// Opens a record that ``openAsRecent(_:header:)`` has refused: one that is forged by the key there may be authentic by
  /// another.
  func openAfterRecent(
    _ record: UnsafeBufferPointer<UInt8>, header: RecordHeader, _ reason: RejectionReason, from source: Endpoint,
    now: BootInstant
  ) -> Result<Arrival, Rejection> {
    guard reason == .forged else { return .failure(Rejection(reason, header, source)) }
    return unsafe openAdmitted(record, header: header, from: source, now: now, isForgedByLikelyKey: true)
  }

  /// - Parameter isForgedByLikelyKey: Whether the key that the member sends with has been tried.
  private func openAdmitted(
    _ record: UnsafeBufferPointer<UInt8>, header: RecordHeader, from source: Endpoint, now: BootInstant,
    isForgedByLikelyKey: Bool = false
  ) -> Result<Arrival, Rejection> {
    // Admitted, so its epoch is one.
    guard let epoch = try? Epoch(header.epoch) else { return .failure(Rejection(.malformed, header, source)) }
    guard header.length >= suite.tagSize else {
      return .failure(Rejection(unsafe isOfOtherSuite(record, header, now) ? .otherSuite : .malformed, header, source))
    }
    let keyID = whereabouts[header.member]
    // The key that the member sends with is tried first; others only cost something when that does not fit.
    let likely = keys.firstIndex { $0.keyID == keyID } ?? 0
    for offset in keys.indices.dropFirst(isForgedByLikelyKey ? 1 : 0) {
      let inbound = keys[(likely + offset) % keys.count]
      guard let member = inbound.members[Int(header.member.rawValue)] else { break }
      switch unsafe member.open(
        record, header: header, epoch: epoch, into: payload, isKnown: keyID != nil, now: now)
      {
      case .failure(.forged):
        continue
      case .failure(let reason):
        return .failure(Rejection(reason, header, source, laterEpoch: reason == .staleEpoch ? member.epoch : nil))
      case .success(let opened):
        let isKeyChange = whereabouts.heard(
          header.member, keyID: inbound.keyID, isFirstOfEpoch: opened.isFirstOfEpoch, now: now)
        if opened.isFirstOfEpoch { hasNewEpoch = true }
        let isStraggler = epoch != member.epoch || whereabouts[header.member] != inbound.keyID
        recent = isStraggler ? nil : member.current
        return .success(
          Arrival(
            origin: Message.Origin(sender: header.member, epoch: epoch, sequence: header.sequence, source: source),
            count: opened.record.count,
            keyID: inbound.keyID,
            lost: opened.record.lost,
            isLate: opened.record.isLate,
            isRestart: opened.isFirstOfEpoch && keyID == inbound.keyID,
            formerEpoch: opened.formerEpoch,
            isKeyChange: isKeyChange,
            isStraggler: isStraggler))
      }
    }
    return .failure(Rejection(unsafe isOfOtherSuite(record, header, now) ? .otherSuite : .forged, header, source))
  }

  /// What a refusal of admission's means, once it is known whether the record is authentic and whose it is.
  private func reasonFor(
    _ refused: Admission.Rejection, _ record: UnsafeBufferPointer<UInt8>, from source: Endpoint,
    now: BootInstant
  ) -> Rejection {
    guard let header = refused.header else {
      let isProbe = unsafe refused.reason == .foreign && probe.isOwn(record.span, from: source, now: now)
      return Rejection(isProbe ? .own : refused.reason, nil, source)
    }
    let verdict = refused.reason == .own ? unsafe sent.judge(record, header: header, from: source) : nil
    if verdict == .ours { return Rejection(.own, header, source) }
    guard let inbound = keys.first(where: { unsafe $0.opening.isAuthentic(record) }) else {
      guard unsafe isOfOtherSuite(record, header, now) else { return Rejection(.forged, header, source) }
      // Whatever it says, this node did not say it.
      return Rejection(refused.reason == .own ? .duplicateID : refused.reason, header, source)
    }
    guard refused.reason == .own else { return Rejection(refused.reason, header, source) }
    switch verdict ?? sent.judge(header, keyID: inbound.keyID, from: source) {
    case .ours: return Rejection(.own, header, source)
    case .notOurs:
      // A node that encrypts goes on in a later epoch by itself, and says so.
      return Rejection(
        .duplicateID, header, source,
        overtaking: suite.isEncrypted ? nil : sent.overtaking(by: header, keyID: inbound.keyID),
        contestedKey: inbound.keyID)
    case .repeated: return Rejection(.duplicateID, header, source, isRepeated: true)
    }
  }

  private func isOfOtherSuite(
    _ record: UnsafeBufferPointer<UInt8>, _ header: RecordHeader, _ now: BootInstant
  ) -> Bool {
    if tries.start.duration(to: now) >= .seconds(1) { tries = (now, 0) }
    tries.count += 1
    return tries.count <= Self.triesPerSecond && keys.contains { unsafe $0.opening.isOfOtherSuite(record) }
  }
}
