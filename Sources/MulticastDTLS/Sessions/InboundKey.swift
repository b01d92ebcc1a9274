/// One key of the ring as the receiving side has it: the members, each followed from epoch to epoch of this key. Only the
/// receive loop's thread uses it.
struct InboundKey {
  let key: GroupKey
  /// One place for each of the 256 possible members; nil for one that is not followed.
  let members: [InboundMember?]

  /// - Parameter heardBefore: How far each member was heard under this key before this process was started.
  init(_ key: GroupKey, members: MemberSet, heardBefore: [MemberID: Position]) {
    self.key = key
    let cipher = key.makeCipher()
    var places = [InboundMember?](repeating: nil, count: 256)
    for member in members.members where member != key.context.ownMember {
      places[Int(member.rawValue)] = InboundMember(
        key, cipher, member: member, heardBefore: heardBefore[member])
    }
    self.members = places
  }

  /// How far each member has been heard since the start.
  var positions: [MemberID: Position] {
    var positions: [MemberID: Position] = [:]
    for (index, member) in members.enumerated() {
      positions[MemberID(rawValue: UInt8(index))] = member?.position
    }
    return positions
  }
}
