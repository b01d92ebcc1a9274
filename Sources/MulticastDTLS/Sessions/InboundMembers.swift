/// The members that are followed, under each key of the ring: a datagram goes in, a message or the reason why there is
/// none comes out. Only the receive loop's thread uses it.
@safe
final class InboundMembers {
  /// What is accepted: a key, and how far each member was heard under it before this process was started.
  struct Accepted {
    let key: GroupKey
    let heardBefore: [MemberID: Position]
  }

  /// Which key each member sends with.
  private(set) var whereabouts = Whereabouts()

  private let payload = UnsafeMutableRawBufferPointer.allocate(byteCount: RecordHeader.maximumAccepted, alignment: 16)

  private let followed: MemberSet
  private let sent: SentRecords
  private let suite: CipherSuite
  private let admission: Admission
  private var keys: [InboundKey]
  /// Where the last record went that was accepted and no straggler; the next one mostly belongs there, too.
  private var recent: Recent?
  /// How often the other suite was tried in the second that began then.
  private var tries: (start: Moment, count: Int) = (.now, 0)

  /// How often a second it is: it only serves to tell somebody why a member is not heard, and doubles what a forgery costs.
  private static let triesPerSecond = 64

  private struct Recent {
    let member: MemberID
    let epoch: Epoch
    let keyID: KeyID
    let session: InboundSession
  }

  /// Follows each member but ourselves.
  ///
  /// - Parameters:
  ///   - accepted: The keys of the ring; at least one, all of one context.
  ///   - sent: What this node sends.
  init(_ accepted: [Accepted], members: MemberSet, sent: SentRecords) {
    precondition(!accepted.isEmpty, "a ring has at least one key")
    let context = accepted[0].key.context
    let followed = MemberSet(members.members.filter { $0 != context.ownMember })
    self.followed = followed
    self.sent = sent
    suite = context.suite
    admission = Admission(ownMember: context.ownMember)
    keys = accepted.map { InboundKey($0.key, members: followed, heardBefore: $0.heardBefore) }
  }

  deinit {
    unsafe payload.deallocate()
  }

  /// Accepts these keys from now on, and no other. What is known of the members under those that stay is kept.
  func accept(_ accepted: [Accepted]) {
    recent = nil
    keys = accepted.map { accepted in
      keys.first { $0.key === accepted.key }
        ?? InboundKey(accepted.key, members: followed, heardBefore: accepted.heardBefore)
    }
  }

  /// How far each member has been heard since the start, by key.
  var positions: [KeyID: [MemberID: Position]] {
    Dictionary(keys.map { ($0.key.keyID, $0.positions) }) { first, _ in first }
  }

  /// Admits and opens one datagram. See ``payload(of:)`` for what it carries.
  func open(
    _ datagram: UnsafeBufferPointer<UInt8>, from source: Endpoint, now: Moment
  ) -> Result<Arrival, Refused> {
    if let result = unsafe openAsRecent(datagram, from: source, now: now) { return result }
    return switch unsafe admission.judge(datagram.span, isFollowed: { keys[0].members[Int($0.rawValue)] != nil }) {
    case .success(let header):
      unsafe openAdmitted(datagram, header: header, from: source, now: now)
    case .failure(let refused):
      .failure(unsafe reasonFor(refused, datagram, from: source, now: now))
    }
  }

  /// What a record carries, lent until the next one is opened.
  func payload(of arrival: Arrival) -> UnsafeBufferPointer<UInt8> {
    unsafe UnsafeBufferPointer(start: payload.bytes, count: arrival.count)
  }

  /// Opens what belongs where the last record went; nil leaves it to the long way.
  ///
  /// No other record has been accepted since, so that this still is the session of its member, and its key the one that the
  /// member sends with.
  private func openAsRecent(
    _ datagram: UnsafeBufferPointer<UInt8>, from source: Endpoint, now: Moment
  ) -> Result<Arrival, Refused>? {
    guard let recent, let header = unsafe Admission.headerOfRecord(datagram.span),
      header.member == recent.member, header.epoch == recent.epoch.rawValue, header.length >= suite.tagSize
    else { return nil }
    switch unsafe recent.session.open(datagram, header: header, into: payload) {
    case .success(let opened):
      _ = whereabouts.heard(header.member, keyID: recent.keyID, isFirstOfEpoch: false, now: now)
      return .success(
        Arrival(
          origin: Message.Origin(sender: header.member, epoch: recent.epoch, sequence: header.sequence, source: source),
          count: opened.count, keyID: recent.keyID, lost: opened.lost, isLate: opened.isLate, isRestart: false,
          isKeyChange: false, isStraggler: false))
    case .failure(.forged):
      // With another key it may be authentic.
      if keys.count > 1 { return nil }
      return .failure(Refused(unsafe isOfOtherSuite(datagram, header, now) ? .otherSuite : .forged, header, source))
    case .failure(let reason):
      return .failure(Refused(reason, header, source))
    }
  }

  private func openAdmitted(
    _ record: UnsafeBufferPointer<UInt8>, header: RecordHeader, from source: Endpoint, now: Moment
  ) -> Result<Arrival, Refused> {
    // Admitted, so its epoch is one.
    guard let epoch = try? Epoch(header.epoch) else { return .failure(Refused(.malformed, header, source)) }
    guard header.length >= suite.tagSize else {
      return .failure(Refused(unsafe isOfOtherSuite(record, header, now) ? .otherSuite : .malformed, header, source))
    }
    let keyID = whereabouts[header.member]
    // The key that the member sends with is tried first; others only cost something when that does not fit.
    let likely = keys.firstIndex { $0.key.keyID == keyID } ?? 0
    for offset in keys.indices {
      let inbound = keys[(likely + offset) % keys.count]
      guard let member = inbound.members[Int(header.member.rawValue)] else { break }
      switch unsafe member.open(
        record, header: header, epoch: epoch, into: payload, isKnown: keyID != nil, now: now)
      {
      case .failure(.forged):
        continue
      case .failure(let reason):
        return .failure(Refused(reason, header, source, laterEpoch: reason == .staleEpoch ? member.epoch : nil))
      case .success(let opened):
        let isKeyChange = whereabouts.heard(
          header.member, keyID: inbound.key.keyID, isFirstOfEpoch: opened.isFirstOfEpoch, now: now)
        let isStraggler = epoch != member.epoch || whereabouts[header.member] != inbound.key.keyID
        recent =
          isStraggler
          ? nil
          : member.current.map {
            Recent(member: header.member, epoch: epoch, keyID: inbound.key.keyID, session: $0)
          }
        return .success(
          Arrival(
            origin: Message.Origin(sender: header.member, epoch: epoch, sequence: header.sequence, source: source),
            count: opened.record.count,
            keyID: inbound.key.keyID,
            lost: opened.record.lost,
            isLate: opened.record.isLate,
            isRestart: opened.isFirstOfEpoch && keyID == inbound.key.keyID,
            isKeyChange: isKeyChange,
            isStraggler: isStraggler))
      }
    }
    return .failure(Refused(unsafe isOfOtherSuite(record, header, now) ? .otherSuite : .forged, header, source))
  }

  /// What a refusal of admission's means, once it is known whether the record is authentic and whose it is.
  private func reasonFor(
    _ refused: Admission.Refused, _ record: UnsafeBufferPointer<UInt8>, from source: Endpoint,
    now: Moment
  ) -> Refused {
    guard let header = refused.header else { return Refused(refused.reason, nil, source) }
    let verdict = refused.reason == .own ? unsafe sent.judge(record, header: header, from: source) : nil
    if verdict == .ours { return Refused(.own, header, source) }
    guard let inbound = keys.first(where: { unsafe $0.key.authenticator.isAuthentic(record, header: header) }) else {
      guard unsafe isOfOtherSuite(record, header, now) else { return Refused(.forged, header, source) }
      // Whatever it says, this node did not say it.
      return Refused(refused.reason == .own ? .duplicateID : refused.reason, header, source)
    }
    guard refused.reason == .own else { return Refused(refused.reason, header, source) }
    switch verdict ?? sent.judge(header, keyID: inbound.key.keyID, from: source) {
    case .ours: return Refused(.own, header, source)
    case .notOurs: return Refused(.duplicateID, header, source)
    case .repeated: return Refused(.duplicateID, header, source, isRepeated: true)
    }
  }

  private func isOfOtherSuite(
    _ record: UnsafeBufferPointer<UInt8>, _ header: RecordHeader, _ now: Moment
  ) -> Bool {
    if tries.start.duration(to: now) >= .seconds(1) { tries = (now, 0) }
    tries.count += 1
    return tries.count <= Self.triesPerSecond && keys.contains { unsafe $0.key.isOfOtherSuite(record, header: header) }
  }
}
