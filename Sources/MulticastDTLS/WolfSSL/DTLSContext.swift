internal import CWolfSSL

/// The configuration that all sessions of a peer share: one `WOLFSSL_CTX` with the member ID, the cipher suite and the
/// record callbacks.
///
/// Immutable after `init`, so the sending and the receiving side can create their sessions from it on any thread.
final class DTLSContext {
  /// The ID of this member, which its records carry; nil if it only listens.
  let ownMember: MemberID?
  /// The ID given to wolfSSL, which has no effect while nothing is sealed.
  var recordMember: MemberID { ownMember ?? 0 }
  /// The suite of sent and accepted records.
  let suite: CipherSuite

  /// The library that computes inside wolfSSL's record layer: the requested engine, if this wolfSSL has the hook.
  let engine: RecordEngine

  private let handle: Handle

  /// Configures a context for one member and one suite.
  ///
  /// - Throws: ``WolfSSLError`` if wolfSSL is built without multicast or without the suite, or is out of memory.
  init(ownMember: MemberID?, suite: CipherSuite, engine: RecordEngine = .libcrypto) throws(WolfSSLError) {
    try WolfSSLLibrary.prepare()
    self.ownMember = ownMember
    self.suite = suite
    self.engine = WolfSSLLibrary.hasRecordHook ? engine : .wolfSSL
    handle = try Handle(ownMember: ownMember ?? 0, suite: suite, isHooked: self.engine == .libcrypto)
  }

  /// Creates a keyed session in an epoch, for sending or for the records of one other member.
  ///
  /// - Parameters:
  ///   - sender: The member whose records the session opens; nil for the session that seals our own.
  ///   - protection: The protection of the records; unused unless libcrypto is the engine.
  /// - Throws: ``WolfSSLError`` if any step fails; then nothing is left of the session.
  func makeSession(
    _ keys: borrowing KeyMaterial, epoch: Epoch, sender: MemberID?, protection: RecordProtection
  ) throws(WolfSSLError) -> Session {
    try unsafe Session(
      context: handle.pointer, sender: sender, epoch: epoch, suite: suite, keys: keys,
      protection: engine == .libcrypto ? protection : nil)
  }

  /// Owns the `WOLFSSL_CTX`.
  @safe
  private final class Handle {
    let pointer: OpaquePointer

    init(ownMember: MemberID, suite: CipherSuite, isHooked: Bool) throws(WolfSSLError) {
      // wolfSSL manual, wolfSSL_CTX_new: takes over the method's memory, also on failure.
      guard let pointer = unsafe wolfSSL_CTX_new(wolfDTLSv1_2_client_method()) else {
        throw WolfSSLError(description: "wolfSSL_CTX_new failed: wolfSSL is out of memory")
      }
      // From here on deinit frees the context, whatever fails.
      unsafe self.pointer = unsafe pointer

      // wolfSSL manual, wolfSSL_CTX_mcast_set_member_id. It also sets a receive callback, so set ours after it.
      var result = unsafe wolfSSL_CTX_mcast_set_member_id(pointer, UInt16(ownMember.rawValue))
      guard result == cwolfssl_success else {
        throw WolfSSLError("wolfSSL_CTX_mcast_set_member_id", code: result)
      }
      result = unsafe wolfSSL_CTX_set_cipher_list(pointer, suite.name)
      guard result == cwolfssl_success else {
        throw WolfSSLError(
          description:
            "the wolfSSL \(WolfSSLLibrary.version) library on this machine has no \(suite.name): build it with "
            + "--enable-dtls --enable-mcast --enable-psk --enable-nullcipher")
      }
      unsafe wolfSSL_CTX_SetIORecv(pointer, takeRecord)
      unsafe wolfSSL_CTX_SetIOSend(pointer, captureRecord)
      if isHooked {
        unsafe wolfSSL_CTX_SetMacEncryptCb(pointer, protectRecord)
        unsafe wolfSSL_CTX_SetDecryptVerifyCb(pointer, verifyRecord)
      }
    }

    deinit {
      unsafe wolfSSL_CTX_free(pointer)
    }
  }
}

// Safe to share: nothing changes after `init`, and wolfSSL counts a context's references under its own lock.
extension DTLSContext: @unchecked Sendable {}
