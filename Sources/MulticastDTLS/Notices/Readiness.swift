/// Which members send with which key, so that nobody removes a key that is still in use.
struct Readiness: Hashable {
  /// The members that were heard, by the key that they send with now.
  let members: [KeyID: MemberSet]
  /// Those of whom nothing was accepted.
  let unheard: MemberSet

  /// - Parameter followed: The members that are listened to.
  init(_ whereabouts: Whereabouts, of followed: MemberSet) {
    var members: [KeyID: [MemberID]] = [:]
    var unheard: [MemberID] = []
    for member in followed.members {
      if let keyID = whereabouts[member] { members[keyID, default: []].append(member) } else { unheard.append(member) }
    }
    self.members = members.mapValues { MemberSet($0) }
    self.unheard = MemberSet(unheard)
  }

  /// The matter in words.
  func text(_ here: Notice.Surroundings) -> String {
    var parts: [String] = []
    if members.count == 1, let keyID = members.keys.first, unheard.members.isEmpty {
      parts.append("all others send with it")
      parts.append(here.keyIDs.first == keyID ? "and so does this node" : "this node sends with \(here.sendingKey)")
    } else {
      for (keyID, members) in members.sorted(by: { "\($0.key)" < "\($1.key)" }) {
        parts.append("with \(keyID): \(members)")
      }
      if !unheard.members.isEmpty { parts.append("not heard: \(unheard)") }
      parts.append("this node sends with \(here.sendingKey)")
    }
    return parts.joined(separator: ", ")
  }
}
