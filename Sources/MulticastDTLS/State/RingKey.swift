/// A key of the ring, with its state on disk and its receive state.
struct RingKey: Sendable {
  let key: GroupKey
  let keeper: StateKeeper
  let inbound: InboundKey

  /// - Parameter members: The members that this member listens to.
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
  /// The keys that are not among the others.
  func without(_ others: [RingKey]) -> [RingKey] {
    filter { held in !others.contains { $0.keyID == held.keyID } }
  }
}
