/// The public keys by which the messages of all members are verified now, and the limit of failures. Confined to the receive
/// thread, and shared by all keys of a ring.
final class SenderKeys {
  /// The time and the address of the datagram that is received now.
  var now = BootInstant.now
  var source: Endpoint?

  var limit = VerificationLimit()
  private var keys = [MemberKeys?](repeating: nil, count: 256)
  /// The number of times that the keys of a member have changed.
  private var changes = [Int](repeating: 0, count: 256)

  /// Replaces the keys of all members.
  func replace(by keys: [MemberID: MemberKeys]) {
    for place in self.keys.indices {
      let next = keys[MemberID(rawValue: UInt8(place))]
      guard next != self.keys[place] else { continue }
      self.keys[place] = next
      changes[place] += 1
    }
  }

  /// The keys of a member, and the number of times that they have changed; nil if it has none.
  subscript(member: MemberID) -> (keys: MemberKeys, changes: Int)? {
    keys[Int(member.rawValue)].map { ($0, changes[Int(member.rawValue)]) }
  }
}
