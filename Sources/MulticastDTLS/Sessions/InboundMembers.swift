/// The members that are followed: a datagram goes in, a message or the reason why there is none comes out. Only the
/// receive loop's thread uses it.
final class InboundMembers {
  private let context: DTLSContext
  private let sent: SentRecords
  private let admission: Admission
  /// One place for each of the 256 possible members; nil for one that is not followed.
  private var members = [InboundMember?](repeating: nil, count: 256)

  /// Follows each member but ourselves.
  ///
  /// - Parameters:
  ///   - sent: What this node sends.
  ///   - heardBefore: How far each member was heard before this process was started.
  init(_ context: DTLSContext, members: MemberSet, sent: SentRecords, heardBefore: [MemberID: Position] = [:]) {
    self.context = context
    self.sent = sent
    admission = Admission(ownMember: context.ownMember, tagSize: context.suite.tagSize)
    for member in members.members where member != context.ownMember {
      self.members[Int(member.rawValue)] = InboundMember(context, member: member, heardBefore: heardBefore[member])
    }
  }

  /// How far each member has been heard since the start.
  var positions: [MemberID: Position] {
    var positions: [MemberID: Position] = [:]
    for (index, member) in members.enumerated() {
      positions[MemberID(rawValue: UInt8(index))] = member?.position
    }
    return positions
  }

  /// Admits and opens one datagram.
  func open(
    _ datagram: UnsafeBufferPointer<UInt8>, from source: Endpoint, now: ContinuousClock.Instant
  ) -> Result<Arrival, Refused> {
    switch unsafe admission.judge(datagram.span, isFollowed: { members[Int($0.rawValue)] != nil }) {
    case .success(let header):
      unsafe openAdmitted(datagram, header: header, from: source, now: now)
    case .failure(let refused):
      .failure(unsafe reasonFor(refused, datagram, from: source))
    }
  }

  private func openAdmitted(
    _ record: UnsafeBufferPointer<UInt8>, header: RecordHeader, from source: Endpoint, now: ContinuousClock.Instant
  ) -> Result<Arrival, Refused> {
    // Admitted, so the member is followed and its epoch is one.
    guard let member = members[Int(header.member.rawValue)], let epoch = try? Epoch(header.epoch) else {
      return .failure(Refused(.malformed, header, source))
    }
    return unsafe member.open(record, header: header, epoch: epoch, now: now).map { opened in
      Arrival(
        message: Message(
          sender: header.member, epoch: epoch, sequence: header.sequence, source: source, payload: opened.record.payload
        ),
        lost: opened.record.lost,
        isLate: opened.record.isLate,
        isRestart: opened.isRestart,
        isStraggler: epoch != member.epoch
      )
    }
    .mapError { Refused($0, header, source, laterEpoch: $0 == .staleEpoch ? member.epoch : nil) }
  }

  /// What a refusal of admission's means, once it is known whether the record is authentic and whose it is.
  private func reasonFor(
    _ refused: Admission.Refused, _ record: UnsafeBufferPointer<UInt8>, from source: Endpoint
  ) -> Refused {
    guard let header = refused.header else { return Refused(refused.reason, nil, source) }
    var reason = refused.reason
    var isRepeated = false
    if reason == .own {
      switch unsafe sent.judge(record, header: header, from: source) {
      case .ours: return Refused(.own, header, source)
      case .notOurs: reason = .duplicateID
      case .repeated: (reason, isRepeated) = (.duplicateID, true)
      }
    }
    guard unsafe context.authenticator.isAuthentic(record, header: header) else {
      return Refused(.forged, header, source)
    }
    return Refused(reason, header, source, isRepeated: isRepeated)
  }
}
