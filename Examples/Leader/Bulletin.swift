import Glibc
import MulticastDTLS

/// Prints the leader when it changes.
actor Bulletin {
  private var leadership = Leadership()
  private var leader: MemberID?

  /// Takes note of a heartbeat; nil only looks at the time, which may have changed the leader.
  func heard(_ member: MemberID?) {
    let now = ContinuousClock.now
    if let member { leadership.hear(member, at: now) }
    let leader = leadership.leader(at: now)
    guard leader != self.leader else { return }
    self.leader = leader
    print(leader.map { "member \($0) leads" } ?? "nobody leads")
    // A pipe would keep the line in its buffer.
    fflush(nil)
  }
}
