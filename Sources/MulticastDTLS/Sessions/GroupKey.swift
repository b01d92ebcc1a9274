/// One group secret, derived and ready: makes the sessions of a peer that seal and open with it, and checks records
/// without one.
final class GroupKey: Sendable {
  /// The context of all sessions.
  let context: DTLSContext
  /// Checks records of the context's suite.
  let authenticator: RecordAuthenticator

  private let keys: KeyMaterial
  private let otherAuthenticator: RecordAuthenticator?

  /// Derives the keys of a secret; takes some 60 ms of one core, by intention. The secret is not kept.
  ///
  /// - Throws: ``WolfSSLError`` if wolfSSL or wolfCrypt fails.
  init(_ context: DTLSContext, _ secret: GroupSecret) throws(WolfSSLError) {
    self.context = context
    keys = try KeyMaterial(secret)
    authenticator = try context.makeAuthenticator(keys)
    otherAuthenticator = try context.makeOtherAuthenticator(keys)
  }

  /// The secret's fingerprint.
  var keyID: KeyID { keys.keyID }

  /// Makes a session in an epoch; see ``DTLSContext/makeSession(_:epoch:sender:)``.
  func makeSession(epoch: Epoch, sender: MemberID?) throws(WolfSSLError) -> Session {
    try context.makeSession(keys, epoch: epoch, sender: sender)
  }

  /// Whether a record is authentic by the suite that the context does not use.
  func isOfOtherSuite(_ record: UnsafeBufferPointer<UInt8>, header: RecordHeader) -> Bool {
    unsafe otherAuthenticator?.isAuthentic(record, header: header) ?? false
  }
}
