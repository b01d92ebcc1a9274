/// A group key of the receive side: makes sessions, and authenticates records without one. Confined to the receive thread.
final class OpeningKey {
  let key: GroupKey
  /// The secret's fingerprint.
  let keyID: KeyID
  /// The size of a record's tag in bytes.
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
    // Optional, since it only explains why a member is not heard.
    otherProtection = try? key.makeOtherProtection()
  }

  /// True if its records carry signatures.
  var isSigned: Bool { key.isSigned }

  /// Verifies signatures by these keys of the members, if its records carry signatures.
  func verify(by senders: SenderKeys) {
    guard key.isSigned, protection.inspection == nil else { return }
    protection.inspection = SignatureCheck(key.signingContext, senders)
  }

  /// Judges the signature of a record that ``isAuthentic(_:)`` has just found authentic.
  ///
  /// - Returns: The reason to reject it; nil to accept it.
  func inspect(_ record: UnsafeBufferPointer<UInt8>) -> RejectionReason? {
    unsafe protection.inspect(record)
  }

  /// Takes the reason for which the last record was rejected within wolfSSL; nil if it was not authentic.
  func takeRejection() -> RejectionReason? { protection.takeRejection() }

  /// Creates a session that opens the records of one member in one epoch.
  func makeSession(epoch: Epoch, sender: MemberID) throws(WolfSSLError) -> Session {
    try key.makeSession(epoch: epoch, sender: sender, protection: protection)
  }

  /// True if the record was made with this key; checks neither its sequence number nor its epoch.
  func isAuthentic(_ record: UnsafeBufferPointer<UInt8>) -> Bool {
    unsafe protection.isAuthentic(record)
  }

  /// True if the record was made with this secret, but by the suite that the context does not use.
  func isOfOtherSuite(_ record: UnsafeBufferPointer<UInt8>) -> Bool {
    unsafe otherProtection?.isAuthentic(record) ?? false
  }
}

// Any thread makes it, so that a failure happens there; from then on only the receive thread uses it.
extension OpeningKey: @unchecked Sendable {}
