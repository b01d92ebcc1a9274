/// Which key each member sends with, by what was accepted of it. Only the receive loop's thread uses it.
struct Whereabouts {
  private struct Place {
    var keyID: KeyID
    var lastHeard: BootInstant
  }

  /// One place for each of the 256 possible members; nil for one that was not heard.
  private var places = [Place?](repeating: nil, count: 256)

  /// The key that a member sends with; nil if it has not been heard.
  subscript(member: MemberID) -> KeyID? {
    places[Int(member.rawValue)]?.keyID
  }

  /// The members that send with a key.
  func members(at keyID: KeyID) -> [MemberID] {
    places.indices.filter { places[$0]?.keyID == keyID }.map { MemberID(rawValue: UInt8($0)) }
  }

  /// Takes note of a record that was accepted.
  ///
  /// The first record of an epoch moves its sender to its key. Any other may be one that the network has delayed, so it
  /// does only once nothing has come under the former key for as long as stragglers may take.
  ///
  /// - Returns: Whether its sender has gone over to another key with it.
  mutating func heard(
    _ member: MemberID, keyID: KeyID, isFirstOfEpoch: Bool, now: BootInstant
  ) -> Bool {
    let index = Int(member.rawValue)
    if let place = places[index], place.keyID != keyID, !isFirstOfEpoch,
      place.lastHeard.duration(to: now) < InboundMember.stragglerTime
    {
      return false
    }
    defer { places[index] = Place(keyID: keyID, lastHeard: now) }
    return places[index].map { $0.keyID != keyID } ?? false
  }
}
