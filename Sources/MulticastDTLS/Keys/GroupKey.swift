/// One group secret, derived and ready: makes the sessions of a peer, and the protection of its records.
final class GroupKey: Sendable {
  /// The context of all sessions.
  let context: DTLSContext

  private let keys: KeyMaterial
  private let protectionKeys: ProtectionKeys
  /// The same for the other suite, by which a record of a member that uses that one is known.
  private let otherProtectionKeys: ProtectionKeys

  /// Derives the keys of a secret; takes some 12 ms of one core, by intention. The secret is not kept.
  ///
  /// - Throws: ``WolfSSLError`` if wolfSSL fails; ``LibcryptoError`` if libcrypto does, or does not make the same records.
  init(_ context: DTLSContext, _ secret: GroupSecret) throws {
    self.context = context
    keys = try KeyMaterial(secret.text)
    protectionKeys = try ProtectionKeys(context.suite, keys)
    otherProtectionKeys = try ProtectionKeys(context.suite.other, keys)
    try proveProtection()
  }

  /// The secret's fingerprint.
  var keyID: KeyID { keys.keyID }

  /// Makes a session in an epoch; see ``DTLSContext/makeSession(_:epoch:sender:protection:)``.
  func makeSession(epoch: Epoch, sender: MemberID?, protection: RecordProtection) throws(WolfSSLError) -> Session {
    try context.makeSession(keys, epoch: epoch, sender: sender, protection: protection)
  }

  /// Makes the protection of records of the context's suite.
  ///
  /// - Throws: ``LibcryptoError`` if libcrypto lacks it.
  func makeProtection(_ direction: RecordProtection.Direction) throws(LibcryptoError) -> RecordProtection {
    try protectionKeys.makeProtection(direction)
  }

  /// Makes what checks records of the other suite.
  ///
  /// - Throws: ``LibcryptoError`` if libcrypto lacks it.
  func makeOtherProtection() throws(LibcryptoError) -> RecordProtection {
    try otherProtectionKeys.makeProtection(.opening)
  }

  /// Has wolfSSL alone seal a record: the context must seal the same, byte for byte, and open it, and a check without a
  /// session must tell it from a forgery.
  ///
  /// The record does not leave this process, so that its number is not used up.
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
          "OpenSSL \(CryptoLibrary.version) and wolfSSL \(WolfSSLLibrary.version) protect records differently on this "
          + "machine: install Debian's or Ubuntu's packages of both")
    }
  }
}
