/// One group secret, derived and ready: makes what seals and opens a peer's records with it, and checks records without
/// a session.
final class GroupKey: Sendable {
  /// The context of all sessions.
  let context: DTLSContext
  /// Checks records of the context's suite.
  let authenticator: RecordAuthenticator

  private let keys: KeyMaterial
  private let engine: RecordEngine
  private let otherAuthenticator: RecordAuthenticator?

  /// Derives the keys of a secret; takes some 60 ms of one core, by intention. The secret is not kept.
  ///
  /// - Throws: ``WolfSSLError`` if wolfSSL or wolfCrypt fails, or libcrypto does not make the same records.
  init(_ context: DTLSContext, _ secret: GroupSecret, engine: RecordEngine = .libcrypto) throws(WolfSSLError) {
    self.context = context
    self.engine = engine
    keys = try KeyMaterial(secret)
    authenticator = try context.makeAuthenticator(keys)
    otherAuthenticator = try context.makeOtherAuthenticator(keys)
    if engine == .libcrypto { try proveCipher() }
  }

  /// The secret's fingerprint.
  var keyID: KeyID { keys.keyID }

  /// Makes a session in an epoch; see ``DTLSContext/makeSession(_:epoch:sender:)``.
  func makeSession(epoch: Epoch, sender: MemberID?) throws(WolfSSLError) -> Session {
    try context.makeSession(keys, epoch: epoch, sender: sender)
  }

  /// Makes what seals and opens records without a session; nil if wolfSSL's sessions are to do it, or libcrypto has no
  /// memory left for one.
  func makeCipher() -> RecordCipher? {
    engine == .libcrypto ? try? authenticator.makeCipher() : nil
  }

  /// Whether a record is authentic by the suite that the context does not use.
  func isOfOtherSuite(_ record: UnsafeBufferPointer<UInt8>, header: RecordHeader) -> Bool {
    unsafe otherAuthenticator?.isAuthentic(record, header: header) ?? false
  }

  /// Has wolfSSL seal a record, and libcrypto the same: they must not differ in a byte, and libcrypto must open it.
  ///
  /// Neither leaves this process, so that its number is not used up.
  private func proveCipher() throws(WolfSSLError) {
    let cipher = try authenticator.makeCipher()
    let session = try makeSession(epoch: .first, sender: nil)
    let payload = Array("whoever makes it, it is the same record".utf8)
    let theirs = try unsafe payload.withUnsafeBytes { payload in
      unsafe session.write(payload) { unsafe Array($0) }
    }.get()
    var (ours, opened) = ([UInt8](repeating: 0, count: theirs.count), [UInt8](repeating: 0, count: payload.count))
    let size = unsafe payload.withUnsafeBytes { payload in
      unsafe ours.withUnsafeMutableBytes {
        unsafe cipher.seal(payload, epoch: .first, member: context.recordMember, sequence: 0, into: $0)
      }
    }
    let count = RecordHeader(theirs.span).flatMap { header in
      unsafe theirs.withUnsafeBufferPointer { record in
        unsafe opened.withUnsafeMutableBytes { unsafe cipher.open(record, header: header, into: $0) }
      }
    }
    let isSame = size == theirs.count && ours == theirs && count == payload.count && opened == payload
    guard isSame else {
      throw WolfSSLError(
        description:
          "OpenSSL \(CryptoLibrary.version) and wolfSSL \(WolfSSLLibrary.version) make different records on this machine; use the "
          + "wolfSSL engine")
    }
  }
}
