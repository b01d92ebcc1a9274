/// One key of the ring as the receiving side has it: the members, each followed from epoch to epoch of this key.
final class InboundKey {
  let opening: OpeningKey
  /// One place for each of the 256 possible members; nil for one that is not followed.
  private(set) var members: [InboundMember?]

  /// - Parameter heardBefore: How far each member was heard under this key before this process was started.
  /// - Throws: ``LibcryptoError`` if libcrypto cannot check records.
  init(_ key: GroupKey, members: MemberSet, heardBefore: [MemberID: ReplayPosition]) throws(LibcryptoError) {
    let opening = try OpeningKey(key)
    var places = [InboundMember?](repeating: nil, count: 256)
    for member in members.members where member != key.context.ownMember {
      places[Int(member.rawValue)] = InboundMember(opening, member: member, heardBefore: heardBefore[member])
    }
    self.opening = opening
    self.members = places
  }

  /// The secret's fingerprint.
  var keyID: KeyID { opening.keyID }

  /// Lets go of all sessions; to be called when no thread receives any more.
  func finish() {
    members = [InboundMember?](repeating: nil, count: 256)
  }

  /// How far each member has been heard since the start.
  var positions: [MemberID: ReplayPosition] {
    var positions: [MemberID: ReplayPosition] = [:]
    for (index, member) in members.enumerated() {
      positions[MemberID(rawValue: UInt8(index))] = member?.position
    }
    return positions
  }
}

// It is made on any thread, so that what fails does so there. From then on only the receive loop's thread uses it.
extension InboundKey: @unchecked Sendable {}
