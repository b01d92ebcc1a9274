/// The keys that protect the records of one suite, as wolfSSL derives them from a group secret: the same for all members and
/// in every epoch.
struct ProtectionKeys: ~Copyable, Sendable {
  let suite: CipherSuite
  /// 32 bytes: the HMAC's key or the cipher's.
  let key: MaskedBytes
  /// The cipher's 12 bytes; none for the MAC.
  let iv: MaskedBytes

  /// Makes the protection of records in one direction.
  ///
  /// - Throws: ``LibcryptoError`` if libcrypto lacks it.
  func makeProtection(_ direction: RecordProtection.Direction) throws(LibcryptoError) -> RecordProtection {
    try RecordProtection(self, direction)
  }
}
