import Glibc
import MulticastDTLS

/// Prints the leader whenever it changes.
actor Bulletin {
  private var leadership = Leadership()
  private var leader: MemberID?

  /// Records that a member was heard now. With nil, only the passage of time can change the leader.
  func heard(_ member: MemberID?) {
    let now = ContinuousClock.now
    if let member { leadership.hear(member, at: now) }
    let leader = leadership.leader(at: now)
    guard leader != self.leader else { return }
    self.leader = leader
    print(leader.map { "member \($0) leads" } ?? "nobody leads")
    // Standard output to a pipe is block-buffered.
    fflush(nil)
  }
}
