/// The public keys by which the messages of all members are verified now, and the limit of failures. Confined to the receive
/// thread, and shared by all keys of a ring.
final class SenderKeys {
  /// The time and the address of the datagram that is received now.
  var now = BootInstant.now
  var source: Endpoint?
  /// This member's own ID; nil if it only listens.
  let ownMember: MemberID?

  var limit = VerificationLimit()
  private var keys = [MemberKeys?](repeating: nil, count: 256)
  /// The tags of the keys of each member, or -1, so that a message of a known tree looks at no key.
  private var tags = [(first: Int16, second: Int16)](repeating: (-1, -1), count: 256)
  private var changes = [Int](repeating: 0, count: 256)

  init(ownMember: MemberID?) {
    self.ownMember = ownMember
  }

  /// Replaces the keys of all members.
  func replace(by keys: [MemberID: MemberKeys]) {
    for place in self.keys.indices {
      let next = keys[MemberID(rawValue: UInt8(place))]
      guard next != self.keys[place] else { continue }
      self.keys[place] = next
      tags[place] = (next.map { Int16($0.first.tag) } ?? -1, next?.second.map { Int16($0.tag) } ?? -1)
      changes[place] += 1
    }
  }

  /// The number of times that the keys of a member have changed; nil if none of them has a tag.
  func changes(of member: MemberID, tag: UInt8) -> Int? {
    let (place, tag) = (Int(member.rawValue), Int16(tag))
    return tags[place].first == tag || tags[place].second == tag ? changes[place] : nil
  }

  /// The keys of a member; nil if it has none.
  subscript(member: MemberID) -> MemberKeys? { keys[Int(member.rawValue)] }
}
