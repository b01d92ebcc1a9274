/// The keys derived from one group secret. Creates the sessions of a peer and the protection of its records.
final class GroupKey: Sendable {
  /// The context of all sessions.
  let context: DTLSContext

  /// True if all messages under the secret are signed.
  let isSigned: Bool
  /// The name of the group in signatures.
  let signingContext: GroupContext

  private let keys: KeyMaterial
  private let protectionKeys: ProtectionKeys
  /// The keys for the other suite, which identify a record of a member that uses it.
  private let otherProtectionKeys: ProtectionKeys

  /// Derives the keys of a secret, which takes about 12 ms of one core by design. Does not keep the secret.
  ///
  /// - Parameter isSigned: True if messages are signed under any secret; else they are under one that says so.
  /// - Throws: ``WolfSSLError`` if wolfSSL fails; ``LibcryptoError`` if libcrypto fails, or makes other records than
  ///   wolfSSL; ``SigningError`` if messages are signed, and this wolfSSL or the chosen engine cannot verify them in time.
  init(_ context: DTLSContext, _ secret: GroupSecret, isSigned: Bool = false) throws {
    self.context = context
    self.isSigned = isSigned || secret.isSigned
    keys = try KeyMaterial(secret.bytes)
    signingContext = GroupContext(keys, context.suite)
    protectionKeys = try ProtectionKeys(context.suite, keys)
    otherProtectionKeys = try ProtectionKeys(context.suite.other, keys)
    try proveProtection()
    if self.isSigned {
      guard context.engine == .libcrypto else { throw SigningError.engine }
      try Ed25519.prepare()
    }
  }

  /// The most bytes of a message.
  var maximumMessage: Int {
    isSigned ? context.suite.maximumSignedPayload : context.suite.maximumPayload
  }

  /// The secret's fingerprint.
  var keyID: KeyID { keys.keyID }

  /// Creates a session in an epoch; see ``DTLSContext/makeSession(_:epoch:sender:protection:)``.
  func makeSession(epoch: Epoch, sender: MemberID?, protection: RecordProtection) throws(WolfSSLError) -> Session {
    try context.makeSession(keys, epoch: epoch, sender: sender, protection: protection)
  }

  /// Creates the protection of records of the context's suite.
  ///
  /// - Throws: ``LibcryptoError`` if libcrypto lacks the algorithm.
  func makeProtection(_ direction: RecordProtection.Direction) throws(LibcryptoError) -> RecordProtection {
    try protectionKeys.makeProtection(direction)
  }

  /// Creates the protection that checks records of the other suite.
  ///
  /// - Throws: ``LibcryptoError`` if libcrypto lacks the algorithm.
  func makeOtherProtection() throws(LibcryptoError) -> RecordProtection {
    try otherProtectionKeys.makeProtection(.opening)
  }

  /// Seals a record with wolfSSL alone, and requires that the context seals the same bytes, that it opens them, and
  /// that the check without a session accepts them and rejects a forgery.
  ///
  /// The record does not leave this process, so its sequence number is not used up.
  private func proveProtection() throws {
    let alone = try DTLSContext(ownMember: context.ownMember, suite: context.suite, engine: .wolfSSL)
    let other = try DTLSContext(
      ownMember: MemberID(rawValue: context.recordMember.rawValue ^ 1), suite: context.suite, engine: context.engine)
    let (sealing, opening) = (try makeProtection(.sealing), try makeProtection(.opening))
    let payload = Array("whoever protects it, it is the same record".utf8)
    func seal(_ context: DTLSContext) throws -> [UInt8] {
      let session = try context.makeSession(keys, epoch: .first, sender: nil, protection: sealing)
      return try unsafe [UInt8](unsafeUninitializedCapacity: RecordHeader.maximumRecord) { room, count in
        count = try unsafe payload.withUnsafeBytes {
          try unsafe session.write($0, into: UnsafeMutableRawBufferPointer(room))
        }
      }
    }
    func open(_ record: [UInt8]) throws -> [UInt8] {
      let session = try other.makeSession(keys, epoch: .first, sender: context.recordMember, protection: opening)
      return unsafe [UInt8](unsafeUninitializedCapacity: payload.count) { room, count in
        let result = unsafe record.withUnsafeBufferPointer {
          unsafe session.read($0, into: UnsafeMutableRawBufferPointer(room))
        }
        if case .payload(let size) = result { count = size }
      }
    }
    func isAuthentic(_ record: [UInt8]) -> Bool {
      unsafe record.withUnsafeBufferPointer { unsafe opening.isAuthentic($0) }
    }
    let record = try seal(alone)
    var forged = record
    forged[record.count - 1] ^= 1
    guard try seal(context) == record, try open(record) == payload, isAuthentic(record), !isAuthentic(forged) else {
      throw LibcryptoError(
        description:
          "OpenSSL \(LibcryptoLibrary.version) and wolfSSL \(WolfSSLLibrary.version) protect records differently on this "
          + "machine: install Debian's or Ubuntu's packages of both")
    }
  }
}
