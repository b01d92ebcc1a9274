import MulticastDTLS

/// Compares the rejections of each member's records with those when it was last heard. Pure.
struct RecentRejections {
  /// The figures of each member when its last message was counted.
  private var lastHeard: [MemberID: Statistics.Member] = [:]

  /// The reasons that explain why a member is not heard. The others concern this member, or no member.
  private static let reasons: [RejectionReason] = [
    .forged, .otherSuite, .staleEpoch, .replayed, .unknownMember, .unsigned, .noKey, .notBySender,
    .unverified,
  ]

  /// Records the current statistics. Call it about once a second.
  mutating func update(_ statistics: Statistics) {
    for (member, counts) in statistics.members where counts.received != lastHeard[member, default: .unheard].received {
      lastHeard[member] = counts
    }
  }

  /// The reason of most rejections since a member was last heard; nil if none of its records was rejected.
  func mainReason(_ member: MemberID, _ counts: Statistics.Member) -> RejectionReason? {
    let before = lastHeard[member, default: .unheard].rejected
    let new = Self.reasons.map { (reason: $0, count: (counts.rejected[$0] ?? 0) - (before[$0] ?? 0)) }
    return new.filter { $0.count > 0 }.max { $0.count < $1.count }?.reason
  }
}
