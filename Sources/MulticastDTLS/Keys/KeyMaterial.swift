import CWolfSSL

/// What wolfSSL needs to key a session, derived from a group secret, and the secret's fingerprint.
///
/// Byte for byte what the C example derives, so that both talk to each other: PBKDF2-HMAC-SHA256 (RFC 8018) over the
/// secret's text, 4096 rounds, with the salts below.
struct KeyMaterial: ~Copyable, Sendable {
  /// 48 bytes: as long as TLS's pre-master secret.
  let preMasterSecret: MaskedBytes
  /// 32 bytes each.
  let clientRandom: MaskedBytes
  let serverRandom: MaskedBytes
  /// The secret's fingerprint.
  let keyID: KeyID
}

extension KeyMaterial {
  /// Derives all of it; takes some 60 ms of one core, by intention.
  ///
  /// - Throws: ``WolfSSLError`` if wolfCrypt fails.
  init(_ secret: GroupSecret) throws(WolfSSLError) {
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

  /// Derives the secret's fingerprint alone.
  static func fingerprint(of secret: GroupSecret) throws(WolfSSLError) -> KeyID {
    // Guessing the secret from its key ID must cost more than from a recorded datagram, which takes 16,384 rounds.
    let fingerprint = try derive(secret, salt: "mcast-key-id", rounds: 32768, count: 4)
    return unsafe fingerprint.withBytes { unsafe KeyID($0) }
  }

  private static func derive(
    _ secret: GroupSecret,
    salt: StaticString,
    rounds: Int32,
    count: Int
  ) throws(WolfSSLError) -> SecretBytes {
    defer { cwolfssl_wipe_traces() }
    return try unsafe SecretBytes(capacity: count) { output throws(WolfSSLError) in
      // wolfCrypt reference, wc_PBKDF2: 0 on success.
      let result = unsafe secret.text.withBytes { text in
        unsafe wc_PBKDF2(
          output.baseAddress,
          text.baseAddress,
          Int32(text.count),
          salt.utf8Start,
          Int32(salt.utf8CodeUnitCount),
          rounds,
          Int32(output.count),
          cwolfssl_sha256
        )
      }
      guard result == 0 else { throw WolfSSLError("wc_PBKDF2", code: result) }
      return output.count
    }
  }
}
