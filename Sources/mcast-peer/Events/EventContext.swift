import MulticastDTLS

/// The peer's side of an event, for its text.
struct EventContext {
  let member: MemberID?
  let members: Members
  /// The keys of the ring; the first is sent with.
  var keyIDs: [KeyID]
  let isEncrypted: Bool
  /// True if all messages are signed.
  var isSigned = false
  let group: GroupAddress
  var interface: String

  /// The key IDs of the ring, in words.
  var keys: String {
    (keyIDs.count == 1 ? "key ID " : "key IDs ") + keyIDs.map(\.description).joined(separator: ", ")
  }

  /// The own ID behind "our member ID"; empty without one.
  var ownID: String { member.map { " \($0)" } ?? "" }

  /// The key that this member sends with, in words.
  var sendingKey: String { keyIDs.first.map(\.description) ?? "none" }

  /// The person who can send in the name of a member, in words.
  var impostor: String { isSigned ? "a holder of its identity" : "another holder of the secret" }

  /// The remedy against it.
  var remedy: String { isSigned ? "change its identity and the secret" : "change the secret" }

  /// The other members to receive from.
  var others: MemberSet { members.all.without(member) }
}

extension EventContext {
  /// The context of a running peer.
  init(_ peer: MulticastPeer, _ members: Members) {
    self.init(
      member: peer.configuration.member, members: members, keyIDs: peer.keyIDs,
      isEncrypted: peer.configuration.suite.isEncrypted, isSigned: peer.isSigned, group: peer.configuration.group,
      interface: peer.interfaces.map(\.name).joined(separator: ", "))
  }
}
