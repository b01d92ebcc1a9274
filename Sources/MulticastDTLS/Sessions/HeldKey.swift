/// A key of the ring, and what this node keeps for it on disk.
struct HeldKey: Sendable {
  let key: GroupKey
  let keeper: StateKeeper

  /// The secret's fingerprint.
  var keyID: KeyID { key.keyID }

  /// The key, and how far the members were heard under it before this process was started.
  var accepted: InboundMembers.Accepted {
    InboundMembers.Accepted(key: key, heardBefore: keeper.heardBefore)
  }
}

extension [HeldKey] {
  /// Those that are not among others.
  func without(_ others: [HeldKey]) -> [HeldKey] {
    filter { held in !others.contains { $0.keyID == held.keyID } }
  }
}
