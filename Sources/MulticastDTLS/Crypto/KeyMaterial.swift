internal import COpenSSL

/// The inputs of wolfSSL for the keys of a session, derived from a group secret, and the secret's fingerprint.
///
/// The bytes are those of the C example, for interoperability: PBKDF2-HMAC-SHA256 (RFC 8018) over the secret's text,
/// 4096 rounds, with the salts below.
struct KeyMaterial: ~Copyable, Sendable {
  /// 48 bytes, as long as TLS's pre-master secret.
  let preMasterSecret: MaskedBytes
  /// 32 bytes each.
  let clientRandom: MaskedBytes
  let serverRandom: MaskedBytes
  /// The secret's fingerprint.
  let keyID: KeyID
}

extension KeyMaterial {
  /// Derives all parts, which takes about 11 ms of one core by design.
  ///
  /// - Throws: ``LibcryptoError`` if libcrypto fails.
  init(_ secret: borrowing SecretBytes) throws(LibcryptoError) {
    let preMasterSecret = try Self.derive(secret, salt: "mcast-pms", rounds: 4096, count: 48)
    let clientRandom = try Self.derive(secret, salt: "mcast-client-random", rounds: 4096, count: 32)
    let serverRandom = try Self.derive(secret, salt: "mcast-server-random", rounds: 4096, count: 32)
    self.init(
      preMasterSecret: MaskedBytes(preMasterSecret),
      clientRandom: MaskedBytes(clientRandom),
      serverRandom: MaskedBytes(serverRandom),
      keyID: try Self.fingerprint(of: secret)
    )
  }

  /// Derives only the secret's fingerprint.
  static func fingerprint(of secret: borrowing SecretBytes) throws(LibcryptoError) -> KeyID {
    // Guessing the secret from its key ID must cost more than from a recorded datagram, which takes 16,384 rounds.
    let fingerprint = try derive(secret, salt: "mcast-key-id", rounds: 32768, count: 4)
    return unsafe fingerprint.withBytes { unsafe KeyID($0) }
  }

  private static func derive(
    _ secret: borrowing SecretBytes,
    salt: StaticString,
    rounds: CInt,
    count: Int
  ) throws(LibcryptoError) -> SecretBytes {
    defer { copenssl_wipe_traces() }
    return try unsafe SecretBytes(capacity: count) { output throws(LibcryptoError) in
      // PKCS5_PBKDF2_HMAC(3): 1 on success.
      let result = unsafe secret.withBytes { text in
        unsafe PKCS5_PBKDF2_HMAC(
          text.baseAddress?.assumingMemoryBound(to: CChar.self),
          CInt(text.count),
          salt.utf8Start,
          CInt(salt.utf8CodeUnitCount),
          rounds,
          EVP_sha256(),
          CInt(output.count),
          output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        )
      }
      guard result == 1 else { throw LibcryptoError("PKCS5_PBKDF2_HMAC") }
      return output.count
    }
  }
}
