/// A group key of the receive side: makes sessions, and authenticates records without one. Confined to the receive thread.
final class OpeningKey {
  let key: GroupKey
  /// The secret's fingerprint.
  let keyID: KeyID
  /// The bytes of a record's tag.
  let tagSize: Int

  /// The position of each member under this key when the key was opened.
  let heardBefore: [MemberID: ReplayPosition]

  private let protection: RecordProtection
  private let otherProtection: RecordProtection?

  /// - Throws: ``LibcryptoError`` if libcrypto lacks the protection.
  init(_ key: GroupKey, heardBefore: [MemberID: ReplayPosition] = [:]) throws(LibcryptoError) {
    self.key = key
    self.heardBefore = heardBefore
    keyID = key.keyID
    tagSize = key.context.suite.tagSize
    protection = try key.makeProtection(.opening)
    // It only tells a person why a member is not heard.
    otherProtection = try? key.makeOtherProtection()
  }

  /// Makes a session that opens the records of one member in one epoch.
  func makeSession(epoch: Epoch, sender: MemberID) throws(WolfSSLError) -> Session {
    try key.makeSession(epoch: epoch, sender: sender, protection: protection)
  }

  /// Says if a record was made with this key; neither its number nor its epoch counts.
  func isAuthentic(_ record: UnsafeBufferPointer<UInt8>) -> Bool {
    unsafe protection.isAuthentic(record)
  }

  /// Says if a record was made with this secret by the suite that the context does not use.
  func isOfOtherSuite(_ record: UnsafeBufferPointer<UInt8>) -> Bool {
    unsafe otherProtection?.isAuthentic(record) ?? false
  }
}

// Any thread makes it, so that a failure happens there; from then on only the receive thread uses it.
extension OpeningKey: @unchecked Sendable {}
