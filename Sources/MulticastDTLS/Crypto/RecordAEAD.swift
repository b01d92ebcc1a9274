import COpenSSL

/// Encrypts or decrypts records with ChaCha20-Poly1305 under one key, in place and without allocating. One thread at a time
/// may use it.
///
/// Sources: RFC 7905 section 2 (the nonce is the IV xor the sequence number, which begins the authenticated data);
/// EVP_EncryptInit(3), the TLS form of the cipher, by which libssl makes its own records.
@safe
struct RecordAEAD: ~Copyable {
  /// The bytes of a tag.
  static let tagSize = 16

  private let context: OpaquePointer

  /// - Throws: ``LibcryptoError`` if this libcrypto has no such cipher.
  init(
    key: UnsafeRawBufferPointer, iv: UnsafeRawBufferPointer, _ direction: RecordProtection.Direction
  ) throws(LibcryptoError) {
    guard let context = unsafe EVP_CIPHER_CTX_new() else { throw LibcryptoError("EVP_CIPHER_CTX_new") }
    let isReady =
      unsafe EVP_CipherInit_ex(
        context, EVP_chacha20_poly1305(), nil, key.bytes, iv.bytes, direction == .sealing ? 1 : 0) == 1
      && EVP_CIPHER_CTX_ctrl(
        context, EVP_CTRL_AEAD_SET_IV_FIXED, CInt(iv.count), UnsafeMutableRawPointer(mutating: iv.baseAddress)) == 1
    guard isReady else {
      unsafe EVP_CIPHER_CTX_free(context)
      throw LibcryptoError("EVP_chacha20_poly1305")
    }
    unsafe self.context = unsafe context
  }

  // Wipes the key, too.
  deinit {
    unsafe EVP_CIPHER_CTX_free(context)
  }

  /// Encrypts a payload and puts the tag behind it, or decrypts a payload whose tag stands behind it.
  ///
  /// - Parameters:
  ///   - size: The bytes of payload and tag.
  ///   - authenticated: 13 bytes; their length is the payload's to encrypt, the payload's and the tag's to decrypt.
  /// - Returns: Whether it is done; false if the tag is wrong, and then nothing of the payload is left.
  func process(
    _ payload: UnsafeMutablePointer<UInt8>, size: Int, authenticated: UnsafeMutablePointer<UInt8>
  ) -> Bool {
    unsafe copenssl_process_record(context, authenticated, payload, CUnsignedInt(size)) >= 0
  }
}
