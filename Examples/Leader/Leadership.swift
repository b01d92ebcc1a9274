import MulticastDTLS

/// The rule: of the members that were heard in the last three seconds, the one with the lowest ID leads.
struct Leadership {
  /// Two heartbeats may get lost.
  private static let timeout = Duration.seconds(3)

  private var lastHeard: [MemberID: ContinuousClock.Instant] = [:]

  mutating func hear(_ member: MemberID, at time: ContinuousClock.Instant) {
    lastHeard[member] = time
  }

  /// The leader; nil if nobody was heard.
  func leader(at time: ContinuousClock.Instant) -> MemberID? {
    lastHeard.filter { time - $0.value <= Self.timeout }.keys.min()
  }
}
