/// Which members send with which key, so that nobody removes a key that is still in use.
struct RotationProgress: Hashable {
  /// The members that were heard, by the key that they send with now.
  let members: [KeyID: MemberSet]
  /// Those of whom nothing was accepted.
  let unheard: MemberSet
  /// True if it is known who the members are.
  private let knowsAll: Bool

  /// - Parameters:
  ///   - followed: The members that are listened to.
  ///   - awaited: Those of them that the group is known to have.
  init(_ sendingKeys: [MemberID: KeyID], of followed: MemberSet, awaited: MemberSet) {
    var members: [KeyID: MemberSet] = [:]
    for member in followed {
      if let keyID = sendingKeys[member] { members[keyID, default: MemberSet()].insert(member) }
    }
    self.members = members
    knowsAll = !awaited.isEmpty
    unheard = MemberSet(awaited.filter { sendingKeys[$0] == nil })
  }

  /// The matter in words.
  func text(_ here: LocalMember) -> String {
    if members.count == 1, let keyID = members.keys.first, unheard.isEmpty {
      let all =
        knowsAll
        ? "all other members were heard with key ID \(keyID)"
        : "all members that were heard, \(members[keyID]?.named ?? ""), send with key ID \(keyID)"
      guard here.member != nil else { return all }
      return keyID == here.keyIDs.first
        ? "\(all), and this node sends with it, too" : "\(all), but this node sends with \(here.sendingKey)"
    }
    var parts = members.sorted { "\($0.key)" < "\($1.key)" }.map { "\($1.named) with \($0)" }
    let isAnyHeard = !parts.isEmpty
    if !unheard.isEmpty { parts.append("not heard: \(unheard.named)") }
    let heard = isAnyHeard ? "last heard: \(parts.joined(separator: ", "))" : "nobody was heard yet"
    return here.member == nil ? heard : "\(heard); this node sends with \(here.sendingKey)"
  }
}
