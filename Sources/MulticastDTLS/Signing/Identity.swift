internal import COpenSSL

/// The private key of one member, with which it signs its messages: an Ed25519 key (RFC 8032).
///
/// It lives masked in memory of its own, which is wiped with the last reference. Nothing prints it. Two identities are equal
/// if their public keys are.
public final class Identity: Sendable {
  /// The key by which the others verify the member's messages; see ``Roster``.
  public let publicKey: PublicKey

  private let seed: MaskedBytes

  /// Makes an identity from the kernel's random numbers, getrandom(2).
  ///
  /// - Throws: ``PeerError/Code/cryptography`` if wolfSSL or libcrypto cannot sign.
  public static func random() throws -> Identity {
    let seed = unsafe SecretBytes(capacity: Ed25519.keySize) { seed in
      var generator = SystemRandomNumberGenerator()
      for index in seed.indices { unsafe seed[index] = UInt8.random(in: .min ... .max, using: &generator) }
      return seed.count
    }
    return try Identity(seed: seed)
  }

  /// Takes a seed of 32 bytes.
  ///
  /// - Throws: ``WolfSSLError`` or ``LibcryptoError`` if one of the libraries cannot sign, or they differ.
  init(seed: borrowing SecretBytes) throws {
    try Ed25519.prepare()
    let key = try unsafe seed.withBytes { try unsafe Ed25519.publicKey(of: $0) }
    do { publicKey = try PublicKey(key) } catch {
      throw WolfSSLError(description: "wolfSSL \(WolfSSLLibrary.version) made a public key that cannot be used")
    }
    self.seed = MaskedBytes(seed)
    try prove()
  }

  /// Signs a text. Allocates nothing.
  ///
  /// - Parameters:
  ///   - scratch: Room for the seed, which is wiped again.
  ///   - signature: Room for 64 bytes.
  func sign(
    _ text: UnsafeRawBufferPointer, scratch: UnsafeMutableRawBufferPointer, into signature: UnsafeMutableRawPointer
  ) throws(WolfSSLError) {
    try unsafe seed.withBytes(in: scratch) { seed throws(WolfSSLError) in
      try unsafe publicKey.withBytes { key throws(WolfSSLError) in
        try unsafe Ed25519.sign(text, seed: seed, publicKey: key, into: signature)
      }
    }
  }

  /// Lends the seed, to write it where it is kept.
  func withSeed<Value: ~Copyable, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try unsafe seed.withBytes(body)
  }

  /// Requires that libcrypto takes a signature of this key, too.
  private func prove() throws {
    var (signature, scratch) = ([UInt8](repeating: 0, count: 64), [UInt8](repeating: 0, count: Ed25519.keySize))
    let text = Array("this key signs".utf8)
    try unsafe text.withUnsafeBytes { text in
      try unsafe scratch.withUnsafeMutableBytes { scratch in
        try unsafe signature.withUnsafeMutableBytes {
          try unsafe sign(text, scratch: scratch, into: $0.baseAddress.unsafelyUnwrapped)
        }
      }
    }
    guard unsafe copenssl_ed25519_verify(publicKey.bytes, text, text.count, signature) == 1 else {
      throw LibcryptoError(
        description:
          "OpenSSL \(LibcryptoLibrary.version) refuses a signature of wolfSSL \(WolfSSLLibrary.version) on this machine: "
          + "install Debian's or Ubuntu's packages of both")
    }
  }
}

extension Identity: Hashable {
  /// Compares the public keys.
  public static func == (left: Identity, right: Identity) -> Bool {
    left.publicKey == right.publicKey
  }

  /// Hashes the public key.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(publicKey)
  }
}
