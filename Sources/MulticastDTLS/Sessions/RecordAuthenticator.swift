import CWolfSSL
import Glibc

/// Says whether a record was made with the group's keys, without a session: no replay window, no state, no payload.
///
/// Sources: RFC 5246 section 6.2.3.1 (the MAC of WDM-NULL-SHA256), RFC 7905 (ChaCha20-Poly1305), with RFC 6347
/// section 4.1.2.1's sequence number in both: epoch, member ID and sequence.
struct RecordAuthenticator: ~Copyable, Sendable {
  private let suite: CipherSuite
  /// The HMAC key or the cipher key: 32 bytes.
  private let key: SecretBytes
  /// The cipher's 12-byte IV; nothing for the MAC.
  private let iv: SecretBytes

  /// Takes the record keys of a session; they are the same for all sessions of a secret, in every epoch.
  ///
  /// - Throws: ``WolfSSLError`` if the session has no keys.
  init(_ session: Session, suite: CipherSuite) throws(WolfSSLError) {
    let key = try unsafe Self.copy(session.recordKey(of: suite), count: 32)
    let iv = try unsafe Self.copy(session.recordIV, count: suite == .pskChaCha20Poly1305 ? 12 : 0)
    // The keys were the session's until here.
    withExtendedLifetime(session) {}
    self.suite = suite
    self.key = key
    self.iv = iv
  }

  /// Makes what seals and opens with these keys by libcrypto.
  ///
  /// - Throws: ``WolfSSLError`` if libcrypto cannot.
  func makeCipher() throws(WolfSSLError) -> RecordCipher {
    try unsafe key.withBytes { key throws(WolfSSLError) in
      try unsafe iv.withBytes { iv throws(WolfSSLError) in try unsafe RecordCipher(suite, key: key, iv: iv) }
    }
  }

  /// Checks the tag of a record whose header was admitted; one without room for a tag has none.
  func isAuthentic(_ record: UnsafeBufferPointer<UInt8>, header: RecordHeader) -> Bool {
    guard header.length >= suite.tagSize else { return false }
    let tagStart = record.count - suite.tagSize
    let body = unsafe UnsafeBufferPointer(rebasing: record[RecordHeader.size..<tagStart])
    let tag = unsafe UnsafeBufferPointer(rebasing: record[tagStart...])
    // What is authenticated besides the payload: sequence number, type, version, and the payload's length.
    var pseudoHeader = unsafe [UInt8](record[3..<11])
    unsafe pseudoHeader += record[0..<3]
    pseudoHeader += [UInt8(body.count >> 8), UInt8(body.count & 0xFF)]
    switch suite {
    case .wdmNullSHA256: return unsafe hasMAC(tag, of: body, pseudoHeader: pseudoHeader)
    case .pskChaCha20Poly1305: return unsafe decrypts(body, tag: tag, pseudoHeader: pseudoHeader)
    }
  }

  private func hasMAC(
    _ tag: UnsafeBufferPointer<UInt8>,
    of body: UnsafeBufferPointer<UInt8>,
    pseudoHeader: [UInt8]
  ) -> Bool {
    unsafe withUnsafeTemporaryAllocation(of: Hmac.self, capacity: 1) { hmacs in
      guard let hmac = hmacs.baseAddress else { return false }
      // wolfCrypt keeps the padded key in the struct.
      defer { unsafe explicit_bzero(hmac, MemoryLayout<Hmac>.size) }
      var digest = [UInt8](repeating: 0, count: suite.tagSize)
      // wolfCrypt reference, wc_HmacInit to wc_HmacFree: 0 on success.
      guard unsafe wc_HmacInit(hmac, nil, cwolfssl_no_device) == 0 else { return false }
      defer { unsafe wc_HmacFree(hmac) }
      let isDone =
        unsafe key.withBytes {
          unsafe wc_HmacSetKey(hmac, cwolfssl_sha256, $0.bytes, UInt32($0.count))
        } == 0
        && wc_HmacUpdate(hmac, pseudoHeader, UInt32(pseudoHeader.count)) == 0
        && wc_HmacUpdate(hmac, body.baseAddress, UInt32(body.count)) == 0
        && wc_HmacFinal(hmac, &digest) == 0
      // All bytes, whatever the first ones say: how long it takes tells nothing.
      return unsafe isDone && zip(digest, tag).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
  }

  private func decrypts(
    _ body: UnsafeBufferPointer<UInt8>,
    tag: UnsafeBufferPointer<UInt8>,
    pseudoHeader: [UInt8]
  ) -> Bool {
    // The nonce: the IV, with the 64-bit sequence number folded into its last eight bytes.
    unsafe withUnsafeTemporaryAllocation(byteCount: RecordHeader.maximumAccepted, alignment: 16) { payload in
      let nonce = unsafe SecretBytes(capacity: 12) { nonce in
        unsafe iv.withBytes { unsafe nonce.copyMemory(from: $0) }
        for index in 0..<8 { unsafe nonce[4 + index] ^= pseudoHeader[index] }
        return 12
      }
      // wolfCrypt reference, wc_ChaCha20Poly1305_Decrypt: 0 only if the tag is right.
      return unsafe key.withBytes { key in
        unsafe nonce.withBytes { nonce in
          unsafe wc_ChaCha20Poly1305_Decrypt(
            key.bytes, nonce.bytes, pseudoHeader, UInt32(pseudoHeader.count), body.baseAddress, UInt32(body.count),
            tag.baseAddress, payload.bytes) == 0
        }
      }
    }
  }

  private static func copy(_ source: UnsafePointer<UInt8>?, count: Int) throws(WolfSSLError) -> SecretBytes {
    guard let source = unsafe source else { throw WolfSSLError(description: "wolfSSL gave no record keys") }
    return unsafe SecretBytes(capacity: count) { storage in
      unsafe storage.copyMemory(from: UnsafeRawBufferPointer(start: source, count: count))
      return count
    }
  }
}

extension UnsafeRawBufferPointer {
  /// The start, as wolfSSL's `const byte *`.
  var bytes: UnsafePointer<UInt8>? {
    unsafe baseAddress?.assumingMemoryBound(to: UInt8.self)
  }
}

extension UnsafeMutableRawBufferPointer {
  /// The start, as wolfSSL's `byte *`.
  var bytes: UnsafeMutablePointer<UInt8>? {
    unsafe baseAddress?.assumingMemoryBound(to: UInt8.self)
  }
}
