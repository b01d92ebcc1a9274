import MulticastDTLS

/// Elects a leader: the member with the lowest ID of those heard in the last three seconds.
struct Leadership {
  /// Three heartbeats: two may get lost.
  private static let leaderTimeout = Duration.seconds(3)

  private var lastHeard: [MemberID: ContinuousClock.Instant] = [:]

  mutating func hear(_ member: MemberID, at time: ContinuousClock.Instant) {
    lastHeard[member] = time
  }

  /// The leader; nil if no member was heard within the timeout.
  func leader(at time: ContinuousClock.Instant) -> MemberID? {
    lastHeard.filter { time - $0.value <= Self.leaderTimeout }.keys.min()
  }
}
