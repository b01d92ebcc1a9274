import Glibc
import MulticastDTLS

/// Prints who leads, each time that it is somebody else.
actor Bulletin {
  private var leadership = Leadership()
  private var leader: MemberID?

  /// Takes a member, if any, to be heard now. Without one, time alone may have changed who leads.
  func heard(_ member: MemberID?) {
    let now = ContinuousClock.now
    if let member { leadership.hear(member, at: now) }
    let leader = leadership.leader(at: now)
    guard leader != self.leader else { return }
    self.leader = leader
    print(leader.map { "member \($0) leads" } ?? "nobody leads")
    // A pipe would keep the line until there are many.
    fflush(nil)
  }
}
