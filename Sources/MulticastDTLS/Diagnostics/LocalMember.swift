/// What notices say of this node.
struct LocalMember: Sendable {
  let member: MemberID?
  let peers: MemberSet
  /// The keys of the ring; the first is sent with.
  var keyIDs: [KeyID]
  let isEncrypted: Bool
  let group: GroupAddress
  var interface: String

  /// The ring, in words.
  var keys: String {
    (keyIDs.count == 1 ? "key ID " : "key IDs ") + keyIDs.map(\.description).joined(separator: ", ")
  }

  /// This node's ID, in words.
  var ownID: String { member.map { " \($0)" } ?? "" }

  /// The key that this node sends with; nil if it only listens.
  var ownSendingKey: KeyID? { member == nil ? nil : keyIDs.first }

  /// The key that this node sends with, in words.
  var sendingKey: String { keyIDs.first.map(\.description) ?? "none" }

  /// The members that are listened to.
  var others: MemberSet {
    peers.without(member)
  }

  /// The members that the group is known to have.
  var awaited: MemberSet {
    peers.awaited(at: member)
  }
}
