/// A key of the ring, with its state on disk.
struct RingKey: Sendable {
  let key: GroupKey
  let keeper: StateKeeper
  let opening: OpeningKey

  /// - Throws: ``LibcryptoError`` if libcrypto cannot check records.
  init(_ key: GroupKey, _ keeper: StateKeeper) throws(LibcryptoError) {
    self.key = key
    self.keeper = keeper
    opening = try OpeningKey(key, heardBefore: keeper.heardBefore)
  }

  /// The secret's fingerprint.
  var keyID: KeyID { key.keyID }
}

extension [RingKey] {
  /// The keys that are not among others.
  func without(_ others: [RingKey]) -> [RingKey] {
    filter { key in !others.contains { $0.keyID == key.keyID } }
  }
}
