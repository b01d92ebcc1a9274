/// The facts of all members.
extension Receiver {
  /// The key that each member sends with, of the followed members that were heard.
  var sendingKeys: [MemberID: KeyID] {
    var keys: [MemberID: KeyID] = [:]
    for index in members.indices where members[index].isFollowed {
      keys[members[index].id] = members[index].sendingKeyID
    }
    return keys
  }

  /// Takes the gaps in members' numbers since the last call that were too long for loss.
  mutating func takeJumps() -> [SequenceJump] {
    members.indices.flatMap { members[$0].takeJumps() }
  }

  /// The position of each member that this process has heard, under each key of the ring.
  var positions: [KeyID: [MemberID: ReplayPosition]] {
    var positions: [KeyID: [MemberID: ReplayPosition]] = [:]
    for key in keys {
      var ofKey: [MemberID: ReplayPosition] = [:]
      for index in members.indices { ofKey[members[index].id] = members[index].position(under: key) }
      positions[key.keyID] = ofKey
    }
    return positions
  }
}
