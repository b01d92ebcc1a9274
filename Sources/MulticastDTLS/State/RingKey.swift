/// A key of the ring, what this node keeps for it on disk, and whom it follows under it.
struct RingKey: Sendable {
  let key: GroupKey
  let keeper: StateKeeper
  let inbound: InboundKey

  /// - Parameter members: Whom this node listens to.
  /// - Throws: ``LibcryptoError`` if libcrypto cannot check records.
  init(_ key: GroupKey, _ keeper: StateKeeper, members: MemberSet) throws(LibcryptoError) {
    self.key = key
    self.keeper = keeper
    inbound = try InboundKey(key, members: members, heardBefore: keeper.heardBefore)
  }

  /// The secret's fingerprint.
  var keyID: KeyID { key.keyID }
}

extension [RingKey] {
  /// Those that are not among others.
  func without(_ others: [RingKey]) -> [RingKey] {
    filter { held in !others.contains { $0.keyID == held.keyID } }
  }
}
