internal import COpenSSL
internal import CWolfSSL

/// Ed25519 (RFC 8032) by wolfCrypt, which libcrypto must agree with before it is used.
enum Ed25519 {
  /// The size of a seed and of a public key in bytes.
  static let keySize = 32
  /// The size of a signature in bytes.
  static let signatureSize = 64

  /// Proves both libraries against each other, once for the process: signatures, refusals and hashes.
  ///
  /// - Throws: ``WolfSSLError`` if this wolfSSL has no Ed25519; ``LibcryptoError`` if the two differ.
  static func prepare() throws {
    try readiness.get()
  }

  /// Derives the public key of a seed.
  ///
  /// - Throws: ``WolfSSLError`` if wolfCrypt fails.
  static func publicKey(of seed: UnsafeRawBufferPointer) throws(WolfSSLError) -> [UInt8] {
    defer { copenssl_wipe_traces() }
    var key = [UInt8](repeating: 0, count: keySize)
    let result = unsafe cwolfssl_ed25519_public(seed.bytes, &key)
    guard result == 0 else { throw WolfSSLError("wc_ed25519_make_public", code: result) }
    return key
  }

  /// Signs a text. Allocates nothing.
  ///
  /// - Parameter signature: Room for ``signatureSize`` bytes.
  /// - Throws: ``WolfSSLError`` if wolfCrypt fails.
  static func sign(
    _ text: UnsafeRawBufferPointer, seed: UnsafeRawBufferPointer, publicKey: UnsafeRawBufferPointer,
    into signature: UnsafeMutableRawPointer
  ) throws(WolfSSLError) {
    // wolfCrypt leaves the hash of the seed, which signs like the seed, on the stack.
    defer { copenssl_wipe_traces() }
    let result = unsafe cwolfssl_ed25519_sign(
      seed.bytes, publicKey.bytes, text.bytes, text.count, signature.assumingMemoryBound(to: UInt8.self))
    guard result == 0 else { throw WolfSSLError("wc_ed25519_sign_msg", code: result) }
  }

  /// True if a signature of a text is right. Allocates nothing.
  static func verify(
    _ text: UnsafeRawBufferPointer, signature: UnsafeRawPointer, publicKey: UnsafeRawBufferPointer
  ) -> Bool {
    guard unsafe hasCanonicalScalar(signature) else { return false }
    return unsafe cwolfssl_ed25519_verify(
      publicKey.bytes, text.bytes, text.count, signature.assumingMemoryBound(to: UInt8.self)) == 1
  }

  /// True if 32 bytes are the encoding of a point of the curve.
  static func isPoint(_ publicKey: UnsafeRawBufferPointer) -> Bool {
    // wolfCrypt decodes the point before it looks at a signature; one of zeros is well-formed.
    let zeros = [UInt8](repeating: 0, count: signatureSize)
    return unsafe cwolfssl_ed25519_verify(publicKey.bytes, zeros, zeros.count, zeros) >= 0
  }

  /// True if the second half of a signature is less than the order of the group (RFC 8032 section 5.1.7). Otherwise a
  /// signature with the order added would be a second one for the same text; wolfCrypt 5.5.4 takes it.
  private static func hasCanonicalScalar(_ signature: UnsafeRawPointer) -> Bool {
    let order: [4 of UInt64] = [0x5812_631A_5CF5_D3ED, 0x14DE_F9DE_A2F7_9CD6, 0, 0x1000_0000_0000_0000]
    for word in (0..<4).reversed() {
      let value = UInt64(
        littleEndian: unsafe signature.loadUnaligned(fromByteOffset: 32 + word * 8, as: UInt64.self))
      if value != order[word] { return value < order[word] }
    }
    return false
  }

  // MARK: - The proof

  private static let readiness = Result { try prove() }

  private static func prove() throws {
    guard cwolfssl_has_ed25519() != 0 else {
      throw WolfSSLError(
        description:
          "the wolfSSL \(WolfSSLLibrary.version) library on this machine was built without Ed25519, which signs messages: "
          + "install Debian's or Ubuntu's package, or build wolfSSL with --enable-ed25519")
    }
    let seed = (0..<keySize).map { UInt8($0) }
    let text = Array("both libraries sign this text in the same way".utf8)
    let key = try unsafe seed.withUnsafeBytes { try unsafe publicKey(of: $0) }
    var signature = [UInt8](repeating: 0, count: signatureSize)
    try unsafe seed.withUnsafeBytes { seed in
      try unsafe key.withUnsafeBytes { key in
        try unsafe text.withUnsafeBytes { text in
          try unsafe signature.withUnsafeMutableBytes {
            try unsafe sign(text, seed: seed, publicKey: key, into: $0.baseAddress.unsafelyUnwrapped)
          }
        }
      }
    }
    var other = [UInt8](repeating: 0, count: signatureSize)
    guard unsafe copenssl_ed25519_sign(seed, text, text.count, &other) == 1 else {
      throw LibcryptoError("EVP_DigestSign")
    }
    guard other == signature, agree(on: text, signature, by: key, isRight: true) else { throw disagreement }
    for place in [0, 32] {
      var wrong = signature
      wrong[place] ^= 1
      guard agree(on: text, wrong, by: key, isRight: false) else { throw disagreement }
    }
    var digest = [UInt8](repeating: 0, count: 32)
    let hash = unsafe text.withUnsafeBytes { unsafe Hash16("hash", $0) }
    let hashed = Array("hash".utf8) + [0] + text
    guard unsafe wc_Sha256Hash(hashed, UInt32(hashed.count), &digest) == 0, hash.bytes == Array(digest.prefix(16))
    else {
      throw disagreement
    }
  }

  /// True if both libraries find a signature right, or both find it wrong.
  private static func agree(on text: [UInt8], _ signature: [UInt8], by key: [UInt8], isRight: Bool) -> Bool {
    let ours = unsafe text.withUnsafeBytes { text in
      unsafe signature.withUnsafeBytes { signature in
        unsafe key.withUnsafeBytes {
          unsafe verify(text, signature: signature.baseAddress.unsafelyUnwrapped, publicKey: $0)
        }
      }
    }
    let theirs = unsafe copenssl_ed25519_verify(key, text, text.count, signature) == 1
    return ours == isRight && theirs == isRight
  }

  private static var disagreement: LibcryptoError {
    LibcryptoError(
      description:
        "OpenSSL \(LibcryptoLibrary.version) and wolfSSL \(WolfSSLLibrary.version) sign or hash differently on this machine: "
        + "install Debian's or Ubuntu's packages of both")
  }
}
