import MulticastDTLS

extension StatusReport.Member {
  /// The members of a group, in the order of their IDs: the awaited ones, and those in whose name records arrived.
  ///
  /// - Parameters:
  ///   - own: The ID of this member, which has no row.
  ///   - suite: The cipher suite of the group.
  static func all(
    _ statistics: Statistics, _ observation: StatusSource.Observation, _ members: Members, own: MemberID?,
    suite: CipherSuite
  ) -> [Self] {
    // One that sends, against its mark in the roster, is missed when it ends.
    let sending = members.roster.listeners.filter { statistics.members[$0]?.epoch != nil }
    let awaited = members.awaited(at: own).union(MemberSet(sending).without(own))
    return members.all.expected(at: own).union(MemberSet(statistics.members.keys)).without(own).compactMap { member in
      let counts = statistics.members[member] ?? .unheard
      let reason = observation.rejections.mainReason(member, counts)
      // A member may have an entry for other reasons, such as overrun. One that was removed has none, unless it still sends.
      let isMember = members.all.contains(member)
      guard members.all.expected(at: own).contains(member) || isMember && counts.epoch != nil || reason != nil else {
        return nil
      }
      return Self(
        observation.table.row(member), counts, reason: reason, isMember: isMember, isAwaited: awaited.contains(member),
        suite: suite)
    }
  }

  private init(
    _ row: MemberTable.Row, _ counts: Statistics.Member, reason: RejectionReason?, isMember: Bool, isAwaited: Bool,
    suite: CipherSuite
  ) {
    // A member that was removed may still look up or quiet.
    let state = isMember ? Self.state(row.state, isRejected: reason != nil) : .rejected
    self.init(
      member: row.member, name: row.name, isAwaited: isAwaited, state: state,
      reason: state == .rejected ? reason : nil, epoch: row.epoch, keyID: row.keyID,
      suite: row.epoch != nil ? suite : reason == .otherSuite ? CipherSuite.allCases.first { $0 != suite } : nil,
      isSigning: row.isSigning, age: row.age, rate: row.rate, received: counts.received, lost: counts.lost,
      reordered: counts.reordered,
      rejected: counts.rejected, source: row.source?.description)
  }

  /// Rejections explain an absence. They change no other state, since anybody can cause them in the name of a member.
  private static func state(_ state: MemberTable.State, isRejected: Bool) -> StatusReport.State {
    switch state {
    case .up: .up
    case .restarted: .restarted
    case .quiet: .quiet
    case .silent: isRejected ? .rejected : .silent
    case .unheard: isRejected ? .rejected : .notHeard
    case .listens: isRejected ? .rejected : .listens
    }
  }
}
