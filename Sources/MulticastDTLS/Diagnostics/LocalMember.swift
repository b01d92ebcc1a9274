/// This member, as the receive side needs it.
struct LocalMember: Sendable {
  let member: MemberID?
  var peers: MemberSet
  /// The members of `peers` that send nothing.
  var listeners = MemberSet()
  /// The public keys of the members, ours among them: their signatures are verified by these.
  var publicKeys: [MemberID: MemberKeys] = [:]
  /// The keys of the ring; the first is sent with.
  var keyIDs: [KeyID]
  let isEncrypted: Bool
  /// True if it has a member ID, and sends nothing.
  var isListening = false

  /// The key that this member sends with; nil if it only listens.
  var sendingKey: KeyID? { member == nil || isListening ? nil : keyIDs.first }

  /// The members to receive from.
  var others: MemberSet { peers.without(member) }

  /// The members to hear: those to receive from, without those that send nothing.
  var speakers: MemberSet { others.subtracting(listeners) }

  /// The other members that the configuration names, and that send.
  var awaited: MemberSet { peers.expected(at: member).subtracting(listeners) }
}
