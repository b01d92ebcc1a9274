internal import CWolfSSL

/// One `WOLFSSL` object and the memory for its records. One thread at a time may use it.
///
/// wolfSSL never sees a socket: it takes or returns one record per call. So a failing socket cannot leave half a record
/// in its buffers, and the alerts that it would multicast end here.
@safe
final class Session {
  private let ssl: OpaquePointer
  private let bio = MemoryBIO()
  private let protection: RecordProtection?

  /// Creates a keyed session, to seal this member's records or to open those of one other member.
  ///
  /// - Parameters:
  ///   - sender: The member whose records the session opens; nil for the session that seals.
  ///   - protection: The protection that wolfSSL's hook calls for each record; nil if the context does not use the
  ///     hook.
  /// - Throws: ``WolfSSLError`` if any step fails; then nothing is left of the session.
  init(
    context: OpaquePointer,
    sender: MemberID?,
    epoch: Epoch,
    suite: CipherSuite,
    keys: borrowing KeyMaterial,
    protection: RecordProtection?
  ) throws(WolfSSLError) {
    guard let ssl = unsafe wolfSSL_new(context) else {
      throw WolfSSLError(description: "wolfSSL_new failed: wolfSSL is out of memory")
    }
    // From here on deinit frees the session, whatever fails.
    unsafe self.ssl = unsafe ssl
    self.protection = protection
    // Unretained, here and for the hook: this session owns both, and frees the WOLFSSL first.
    unsafe wolfSSL_SetIOReadCtx(ssl, bio.context)
    unsafe wolfSSL_SetIOWriteCtx(ssl, bio.context)
    if let protection {
      let context = unsafe Unmanaged.passUnretained(protection).toOpaque()
      unsafe wolfSSL_SetMacEncryptCtx(ssl, context)
      unsafe wolfSSL_SetDecryptVerifyCtx(ssl, context)
    }
    // Before the secret: wolfSSL_mcast_peer_add clears the entry that wolfSSL_set_secret gives its epoch. In the other
    // order both report success, and every record is dropped.
    if let sender { try unsafe Self.add(sender, to: ssl) }
    try unsafe Self.setSecret(keys, epoch, suite, of: ssl)
    // Frees the session's copy of the pre-master secret; the record keys stay.
    unsafe wolfSSL_FreeArrays(ssl)
  }

  // wolfSSL_shutdown is never called: it sends an authenticated alert that ends the sessions of stock wolfSSL peers.
  deinit {
    unsafe wolfSSL_free(ssl)
  }

  /// Makes wolfSSL accept a member's records.
  ///
  /// wolfSSL gives a member the last free entry of its table, and searches from the first one, twice for each record: a
  /// sixth of the time to open it. So the other entries are occupied while the member is added.
  private static func add(_ sender: MemberID, to ssl: OpaquePointer) throws(WolfSSLError) {
    let others = (UInt8.min ... .max).lazy.map(MemberID.init(rawValue:)).filter { $0 != sender }
      .prefix(max(0, Int(wolfSSL_mcast_get_max_peers()) - 1))
    for other in others { try unsafe change(other, of: ssl, isRemoving: false) }
    try unsafe change(sender, of: ssl, isRemoving: false)
    for other in others { try unsafe change(other, of: ssl, isRemoving: true) }
  }

  private static func change(
    _ member: MemberID, of ssl: OpaquePointer, isRemoving: Bool
  ) throws(WolfSSLError) {
    let result = unsafe wolfSSL_mcast_peer_add(ssl, UInt16(member.rawValue), isRemoving ? 1 : 0)
    guard result == cwolfssl_success else { throw WolfSSLError("wolfSSL_mcast_peer_add", code: result) }
  }

  private static func setSecret(
    _ keys: borrowing KeyMaterial, _ epoch: Epoch, _ suite: CipherSuite, of ssl: OpaquePointer
  ) throws(WolfSSLError) {
    let result = unsafe keys.preMasterSecret.withBytes { preMasterSecret in
      unsafe keys.clientRandom.withBytes { clientRandom in
        unsafe keys.serverRandom.withBytes { serverRandom in
          unsafe wolfSSL_set_secret(
            ssl,
            epoch.rawValue,
            preMasterSecret.bytes,
            UInt32(preMasterSecret.count),
            clientRandom.bytes,
            serverRandom.bytes,
            suite.code
          )
        }
      }
    }
    // A session without keys must not exist: a write to it overruns the heap.
    guard result == cwolfssl_success else {
      // The call itself returns -1 for every error.
      throw WolfSSLError("wolfSSL_set_secret", code: unsafe wolfSSL_get_error(ssl, result))
    }
  }

  /// The most payload bytes that wolfSSL puts into one record here.
  var maximumPayload: Int {
    Int(unsafe wolfSSL_GetMaxOutputSize(ssl))
  }

  /// Seals one payload.
  ///
  /// - Parameter room: The memory for the record.
  /// - Returns: The record's size.
  /// - Throws: ``WolfSSLError``, or ``LibcryptoError`` if libcrypto failed behind wolfSSL's hook.
  func write(_ payload: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer) throws -> Int {
    // wolfSSL manual, wolfSSL_write.
    let (written, size) = unsafe bio.writing(to: room) {
      unsafe wolfSSL_write(ssl, payload.baseAddress, Int32(payload.count))
    }
    guard written == payload.count else {
      if let failure = protection?.takeFailure() { throw failure }
      // If building the record failed, the result of the call itself is the error code.
      let error = unsafe wolfSSL_get_error(ssl, written)
      throw WolfSSLError("wolfSSL_write", code: error == 0 ? written : error)
    }
    guard size > 0 else {
      throw WolfSSLError(description: "wolfSSL_write made no record that fits \(room.count) bytes")
    }
    return size
  }

  /// The result of reading a record.
  enum ReadResult {
    /// The record authenticated; the number of payload bytes stored.
    case payload(Int)
    /// The record did not authenticate, its payload is empty, or wolfSSL has seen its number before; wolfSSL does not
    /// say which.
    case refused
    /// wolfSSL cannot read from this session again.
    case broken
  }

  /// Opens one record.
  ///
  /// - Parameter payload: Room for the payload. Larger room costs time: wolfSSL clears all of it for each record.
  func read(_ record: UnsafeBufferPointer<UInt8>, into payload: UnsafeMutableRawBufferPointer) -> ReadResult {
    // wolfSSL manual, wolfSSL_mcast_read. The sender's ID is not requested: the header has it, and wolfSSL writes an ID
    // even if nothing authenticated.
    let read = unsafe bio.reading(UnsafeRawBufferPointer(record)) {
      unsafe wolfSSL_mcast_read(ssl, nil, payload.baseAddress, Int32(payload.count))
    }
    if read > 0 { return .payload(Int(read)) }
    return unsafe wolfSSL_get_error(ssl, read) == cwolfssl_want_read ? .refused : .broken
  }
}
