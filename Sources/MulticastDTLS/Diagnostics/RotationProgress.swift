/// The key that each member sends with, so that nobody removes a key that is still in use.
public struct RotationProgress: Hashable, Sendable {
  /// The members that were heard, by the key that they send with now.
  public let members: [KeyID: MemberSet]
  /// The members that were not heard.
  public let unheard: MemberSet
  /// The key that this member sends with now; nil if it only listens.
  public let own: KeyID?
  /// True if the configuration names all members.
  public let namesAll: Bool

  /// - Parameters:
  ///   - followed: The members to receive from.
  ///   - awaited: Those of them that the configuration names.
  ///   - own: The key that this member sends with.
  init(_ sendingKeys: [MemberID: KeyID], of followed: MemberSet, awaited: MemberSet, own: KeyID?) {
    self.own = own
    var members: [KeyID: MemberSet] = [:]
    for member in followed {
      if let keyID = sendingKeys[member] { members[keyID, default: MemberSet()].insert(member) }
    }
    self.members = members
    namesAll = !awaited.isEmpty
    unheard = MemberSet(awaited.filter { sendingKeys[$0] == nil })
  }
}
