internal import COpenSSL

/// The keys that protect the records of one suite: those that wolfSSL derives for its sessions, equal for all members
/// and in every epoch.
///
/// Sources: RFC 5246 section 8.1 (the master secret) and 6.3 (the key block). In multicast mode wolfSSL has one set of
/// keys for all members, and takes each part of the block only once: a MAC key, or a cipher key and an IV.
struct ProtectionKeys: ~Copyable, Sendable {
  let suite: CipherSuite
  /// The key of the HMAC or of the cipher, 32 bytes.
  let key: MaskedBytes
  /// The IV of the cipher, 12 bytes; empty for the MAC.
  let iv: MaskedBytes

  /// Derives the keys.
  ///
  /// - Throws: ``LibcryptoError`` if libcrypto fails.
  init(_ suite: CipherSuite, _ keys: borrowing KeyMaterial) throws(LibcryptoError) {
    // libcrypto leaves parts of its computation on the stack.
    defer { copenssl_wipe_traces() }
    let master = try unsafe keys.preMasterSecret.withBytes { secret throws(LibcryptoError) in
      try unsafe Self.derive(secret, "master secret", keys.clientRandom, keys.serverRandom, count: 48)
    }
    let block = try unsafe master.withBytes { master throws(LibcryptoError) in
      try unsafe Self.derive(master, "key expansion", keys.serverRandom, keys.clientRandom, count: 44)
    }
    self.suite = suite
    key = unsafe block.withBytes {
      MaskedBytes(unsafe SecretBytes(copying: UnsafeRawBufferPointer(rebasing: $0[..<32])))
    }
    iv = unsafe block.withBytes {
      MaskedBytes(
        unsafe SecretBytes(copying: UnsafeRawBufferPointer(rebasing: $0[32..<(suite.isEncrypted ? 44 : 32)])))
    }
  }

  /// Creates the protection of records in one direction.
  ///
  /// - Throws: ``LibcryptoError`` if libcrypto lacks the algorithm.
  func makeProtection(_ direction: RecordProtection.Direction) throws(LibcryptoError) -> RecordProtection {
    try RecordProtection(self, direction)
  }

  private static func derive(
    _ secret: UnsafeRawBufferPointer, _ label: StaticString, _ first: borrowing MaskedBytes,
    _ second: borrowing MaskedBytes, count: Int
  ) throws(LibcryptoError) -> SecretBytes {
    try unsafe first.withBytes { first throws(LibcryptoError) in
      try unsafe second.withBytes { second throws(LibcryptoError) in
        try unsafe SecretBytes(capacity: count) { output throws(LibcryptoError) in
          let result = unsafe copenssl_tls_prf(
            secret.bytes, secret.count, UnsafeRawPointer(label.utf8Start).assumingMemoryBound(to: CChar.self),
            first.bytes, second.bytes, first.count, output.bytes, output.count)
          guard result == 1 else { throw LibcryptoError("EVP_KDF_derive") }
          return output.count
        }
      }
    }
  }
}
