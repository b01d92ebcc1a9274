import MulticastDTLS

/// Who leads: of the members that were heard in the last three seconds, the one with the lowest ID.
struct Leadership {
  /// Two heartbeats may get lost.
  private static let leaderTimeout = Duration.seconds(3)

  private var lastHeard: [MemberID: ContinuousClock.Instant] = [:]

  mutating func hear(_ member: MemberID, at time: ContinuousClock.Instant) {
    lastHeard[member] = time
  }

  /// Nil if nobody has been heard for so long.
  func leader(at time: ContinuousClock.Instant) -> MemberID? {
    lastHeard.filter { time - $0.value <= Self.leaderTimeout }.keys.min()
  }
}
