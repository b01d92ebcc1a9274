internal import COpenSSL

/// Encrypts or decrypts records with ChaCha20-Poly1305 under one key, in place and without allocation. One thread at a
/// time may use it.
///
/// Sources: RFC 7905 section 2 (the nonce is the IV xor the sequence number, which begins the authenticated data);
/// EVP_EncryptInit(3), the TLS mode of the cipher, which libssl uses for its own records.
@safe
struct RecordAEAD: ~Copyable {
  /// The size of a tag in bytes.
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

  // Also wipes the key.
  deinit {
    unsafe EVP_CIPHER_CTX_free(context)
  }

  /// Encrypts a payload and appends the tag, or decrypts a payload followed by its tag.
  ///
  /// - Parameters:
  ///   - payload: The payload, with room for the tag behind it.
  ///   - size: The size of payload and tag in bytes.
  ///   - authenticated: The 13 authenticated bytes. Their length field is that of the payload for encryption, of
  ///     payload and tag for decryption.
  /// - Returns: True on success; false if the tag is wrong, and then nothing of the payload is left.
  func process(
    _ payload: UnsafeMutablePointer<UInt8>, size: Int, authenticated: UnsafeMutablePointer<UInt8>
  ) -> Bool {
    unsafe copenssl_process_record(context, authenticated, payload, CUnsignedInt(size)) >= 0
  }
}
