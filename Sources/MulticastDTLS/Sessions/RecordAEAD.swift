import COpenSSL

/// Encrypts and decrypts records with ChaCha20-Poly1305 under one key, without allocating. One thread at a time may use it.
///
/// Sources: RFC 7905 section 2 (the nonce is the IV xor the sequence number, which begins the authenticated data);
/// EVP_EncryptInit(3), the TLS form of the cipher, by which libssl makes its own records.
@safe
struct RecordAEAD: ~Copyable {
  /// The bytes of a tag.
  static let tagSize = 16
  /// The bytes of the authenticated data: sequence number, type, version and length.
  static let headerSize = 13

  private let sealing: Cipher
  private let opening: Cipher

  /// - Throws: ``WolfSSLError`` if this libcrypto has no such cipher.
  init(key: UnsafeRawBufferPointer, iv: UnsafeRawBufferPointer) throws(WolfSSLError) {
    let sealing = try unsafe Cipher(key: key, iv: iv, isSealing: true)
    let opening = try unsafe Cipher(key: key, iv: iv, isSealing: false)
    self.sealing = sealing
    self.opening = opening
  }

  /// Encrypts a payload into as many bytes, and writes the tag after them.
  ///
  /// - Parameter header: The authenticated data; its length is the payload's.
  /// - Returns: Whether libcrypto did it.
  func seal(
    _ payload: UnsafeRawBufferPointer, header: UnsafeMutablePointer<UInt8>, into sealed: UnsafeMutablePointer<UInt8>
  ) -> Bool {
    unsafe sealing.process(payload.baseAddress, payload.count + Self.tagSize, header, into: sealed)
  }

  /// Decrypts what is sealed, tag included, into a payload that is shorter by the tag.
  ///
  /// - Parameter header: The authenticated data; its length is the tag's and the payload's.
  /// - Returns: Whether it is authentic. If it is not, nothing of it is in `payload`.
  func open(
    _ sealed: UnsafeRawBufferPointer, header: UnsafeMutablePointer<UInt8>, into payload: UnsafeMutablePointer<UInt8>
  ) -> Bool {
    unsafe opening.process(sealed.baseAddress, sealed.count, header, into: payload)
  }

  /// Owns one `EVP_CIPHER_CTX`, which goes one way.
  @safe
  private struct Cipher: ~Copyable {
    private let context: OpaquePointer

    init(key: UnsafeRawBufferPointer, iv: UnsafeRawBufferPointer, isSealing: Bool) throws(WolfSSLError) {
      guard let context = unsafe EVP_CIPHER_CTX_new() else { throw RecordCipher.unusable("EVP_CIPHER_CTX_new") }
      // Frees and wipes it; from here on whatever fails.
      let isReady =
        unsafe EVP_CipherInit_ex(context, EVP_chacha20_poly1305(), nil, key.bytes, iv.bytes, isSealing ? 1 : 0) == 1
        && EVP_CIPHER_CTX_ctrl(
          context, EVP_CTRL_AEAD_SET_IV_FIXED, CInt(iv.count), UnsafeMutableRawPointer(mutating: iv.baseAddress)) == 1
      guard isReady else {
        unsafe EVP_CIPHER_CTX_free(context)
        throw RecordCipher.unusable("EVP_chacha20_poly1305")
      }
      unsafe self.context = unsafe context
    }

    deinit {
      unsafe EVP_CIPHER_CTX_free(context)
    }

    /// Processes `count` bytes, tag included, in one call. It returns a negative number if the tag is wrong.
    func process(
      _ input: UnsafeRawPointer?, _ count: Int, _ header: UnsafeMutablePointer<UInt8>,
      into output: UnsafeMutablePointer<UInt8>
    ) -> Bool {
      unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_TLS1_AAD, CInt(RecordAEAD.headerSize), header)
        == CInt(RecordAEAD.tagSize)
        && copenssl_cipher(context, output, input?.assumingMemoryBound(to: UInt8.self), CUnsignedInt(count)) >= 0
    }
  }
}
