import CWolfSSL

/// One `WOLFSSL` object and the place where its records come in and go out. One thread at a time may use it.
///
/// wolfSSL never sees a socket: it is handed one record, or hands one over. So a failing socket cannot leave half a
/// record in its buffers, and the alerts that it would multicast end here.
@safe
final class Session {
  private let ssl: OpaquePointer
  private let port: RecordPort

  /// Makes a session with keys, to seal this node's records or to open those of one other member.
  ///
  /// - Parameter sender: The member whose records the session is to open; nil for the session that seals.
  /// - Throws: ``WolfSSLError`` if any step fails; then nothing is left of the session.
  init(
    context: OpaquePointer,
    sender: MemberID?,
    epoch: Epoch,
    suite: CipherSuite,
    keys: borrowing KeyMaterial
  ) throws(WolfSSLError) {
    guard let ssl = unsafe wolfSSL_new(context) else {
      throw WolfSSLError(description: "wolfSSL_new failed: wolfSSL is out of memory")
    }
    // From here on the session is freed whatever fails.
    unsafe self.ssl = unsafe ssl
    port = RecordPort()
    // Unretained: this session holds the port, and frees the WOLFSSL before it lets go of it.
    unsafe wolfSSL_SetIOReadCtx(ssl, Unmanaged.passUnretained(port).toOpaque())
    unsafe wolfSSL_SetIOWriteCtx(ssl, Unmanaged.passUnretained(port).toOpaque())

    if let sender {
      // Before the secret: wolfSSL_mcast_peer_add clears the entry that wolfSSL_set_secret gives its epoch. The other
      // way round both report success, and every record is dropped.
      let result = unsafe wolfSSL_mcast_peer_add(ssl, UInt16(sender.rawValue), 0)
      guard result == cwolfssl_success else { throw WolfSSLError("wolfSSL_mcast_peer_add", code: result) }
    }
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
    // A session without keys must not exist: a write to one overruns the heap.
    guard result == cwolfssl_success else {
      // The call itself returns -1 for everything.
      throw WolfSSLError("wolfSSL_set_secret", code: unsafe wolfSSL_get_error(ssl, result))
    }
    // Drops the session's copy of the pre-master secret; the record keys stay.
    unsafe wolfSSL_FreeArrays(ssl)
  }

  // wolfSSL_shutdown is never called: it makes an authenticated alert that ends the sessions of stock wolfSSL peers.
  deinit {
    unsafe wolfSSL_free(ssl)
  }

  /// The most bytes of payload that wolfSSL puts into one record here.
  var maximumPayload: Int {
    Int(unsafe wolfSSL_GetMaxOutputSize(ssl))
  }

  /// Seals one payload and lends the record that came of it to `body`, until that returns.
  func write<Value, Failure: Error>(
    _ payload: UnsafeRawBufferPointer,
    record body: (UnsafeRawBufferPointer) throws(Failure) -> Value
  ) throws(Failure) -> Result<Value, WolfSSLError> {
    port.clear()
    let written = unsafe wolfSSL_write(ssl, payload.baseAddress, Int32(payload.count))
    guard written == payload.count else {
      return .failure(WolfSSLError("wolfSSL_write", code: unsafe wolfSSL_get_error(ssl, written)))
    }
    guard let record = unsafe port.captured else {
      return .failure(WolfSSLError(description: "wolfSSL_write made no record that fits \(RecordPort.capacity) bytes"))
    }
    return .success(try unsafe body(record))
  }

  /// What became of a record.
  enum ReadResult {
    /// It authenticated; so many bytes of payload were stored.
    case payload(Int)
    /// It did not authenticate, or its payload is empty, or wolfSSL has seen its number before; it does not say which.
    case refused
    /// wolfSSL will not read from this session again.
    case broken
  }

  /// Opens one record.
  func read(_ record: UnsafeBufferPointer<UInt8>, into payload: UnsafeMutableRawBufferPointer) -> ReadResult {
    unsafe port.input = UnsafeRawBufferPointer(record)
    // What a refused record leaves untaken must not be taken for the next one.
    defer { unsafe port.input = nil }
    // wolfSSL manual, wolfSSL_mcast_read. The sender's ID is not asked for: the header has it, and wolfSSL writes
    // one even when nothing authenticated.
    let read = unsafe wolfSSL_mcast_read(ssl, nil, payload.baseAddress, Int32(payload.count))
    if read > 0 { return .payload(Int(read)) }
    return unsafe wolfSSL_get_error(ssl, read) == cwolfssl_want_read ? .refused : .broken
  }

  /// The key that protects the suite's records, 32 bytes, lent while the session lives. In multicast mode all members
  /// seal with one, so both sides' keys are the same.
  func recordKey(of suite: CipherSuite) -> UnsafePointer<UInt8>? {
    switch suite {
    case .wdmNullSHA256: unsafe wolfSSL_GetMacSecret(ssl, 0)
    case .pskChaCha20Poly1305: unsafe wolfSSL_GetClientWriteKey(ssl)
    }
  }

  /// The cipher's IV, 12 bytes, lent while the session lives.
  var recordIV: UnsafePointer<UInt8>? {
    unsafe wolfSSL_GetClientWriteIV(ssl)
  }
}
