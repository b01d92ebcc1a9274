import COpenSSL

/// The MAC or the AEAD of records under one key, computed by libcrypto in place. One thread at a time may use it.
///
/// It is handed a record's payload, with the complete header right before it and room for the tag right behind. It knows no
/// numbers and no replay window.
///
/// Sources: RFC 5246 section 6.2.3.1 (the MAC of WDM-NULL-SHA256), RFC 7905 (ChaCha20-Poly1305), with RFC 6347
/// section 4.1.2.1's sequence number in both: epoch, member ID and sequence.
@safe
final class RecordProtection {
  /// The direction in which it works; an AEAD has one only.
  enum Direction {
    case sealing, opening
  }

  /// The suite whose records it protects.
  let suite: CipherSuite

  private let algorithm: Algorithm
  private var failure: (any Error)?
  /// The 13 bytes that are authenticated besides the payload.
  private let authenticated: UnsafeMutablePointer<UInt8>
  /// Room for what a check computes: a MAC, or a payload that is decrypted.
  private let scratch: UnsafeMutablePointer<UInt8>

  private enum Algorithm: ~Copyable {
    case mac(RecordMAC)
    case aead(RecordAEAD)
  }

  /// - Throws: ``LibcryptoError`` if this libcrypto lacks the cipher.
  init(_ keys: borrowing ProtectionKeys, _ direction: Direction) throws(LibcryptoError) {
    suite = keys.suite
    switch suite {
    case .wdmNullSHA256:
      algorithm = .mac(unsafe keys.key.withBytes { unsafe RecordMAC(key: $0) })
    case .pskChaCha20Poly1305:
      algorithm = .aead(
        try unsafe keys.key.withBytes { key throws(LibcryptoError) in
          try unsafe keys.iv.withBytes { iv throws(LibcryptoError) in
            try unsafe RecordAEAD(key: key, iv: iv, direction)
          }
        })
    }
    // Last: where an initializer throws, no deinit frees what it has allocated.
    unsafe authenticated = .allocate(capacity: RecordHeader.size)
    unsafe scratch = .allocate(capacity: RecordHeader.maximumRecord)
  }

  deinit {
    unsafe authenticated.deallocate()
    unsafe scratch.deallocate()
  }

  /// Seals a payload, and puts the tag behind it.
  ///
  /// - Returns: Whether libcrypto did it; if not, ``takeFailure()`` says why.
  func seal(_ payload: UnsafeMutablePointer<UInt8>, count: Int) -> Bool {
    unsafe setAuthenticated(payload, length: count)
    switch algorithm {
    case .mac(let mac):
      unsafe mac.authenticate(authenticated, payload, count: count, into: payload + count)
    case .aead(let aead):
      guard
        unsafe aead.process(payload, size: count + RecordAEAD.tagSize, authenticated: authenticated)
      else {
        fail(LibcryptoError("EVP_Cipher"))
        return false
      }
    }
    return true
  }

  /// Remembers why a record was not sealed: wolfSSL has no room for it in what it returns.
  func fail(_ error: any Error) {
    failure = error
  }

  /// Why a record was not sealed, once.
  func takeFailure() -> (any Error)? {
    failure.take()
  }

  /// Opens a payload whose tag stands behind it.
  ///
  /// - Parameter size: The bytes of payload and tag.
  /// - Returns: Whether it is authentic. If it is not, nothing of it may be used.
  func open(_ payload: UnsafeMutablePointer<UInt8>, size: Int) -> Bool {
    switch algorithm {
    case .mac(let mac):
      return unsafe isAuthentic(payload, size: size, mac)
    case .aead(let aead):
      guard size >= RecordAEAD.tagSize else { return false }
      unsafe setAuthenticated(payload, length: size)
      return unsafe aead.process(payload, size: size, authenticated: authenticated)
    }
  }

  /// Checks the tag of a whole record of at most ``RecordHeader/maximumRecord`` bytes, and leaves the record as it is.
  func isAuthentic(_ record: UnsafeBufferPointer<UInt8>) -> Bool {
    let size = record.count - RecordHeader.size
    guard size >= suite.tagSize, record.count <= RecordHeader.maximumRecord, let start = record.baseAddress else {
      return false
    }
    let payload = unsafe start + RecordHeader.size
    switch algorithm {
    case .mac(let mac):
      return unsafe isAuthentic(payload, size: size, mac)
    case .aead(let aead):
      unsafe setAuthenticated(payload, length: size)
      unsafe scratch.update(from: payload, count: size)
      return unsafe aead.process(scratch, size: size, authenticated: authenticated)
    }
  }

  private func isAuthentic(_ payload: UnsafePointer<UInt8>, size: Int, _ mac: borrowing RecordMAC) -> Bool {
    let count = size - RecordMAC.size
    guard count >= 0 else { return false }
    unsafe setAuthenticated(payload, length: count)
    unsafe mac.authenticate(authenticated, payload, count: count, into: scratch)
    // All bytes, whatever the first ones say: how long it takes tells nothing.
    return unsafe CRYPTO_memcmp(scratch, payload + count, RecordMAC.size) == 0
  }

  /// Arranges what is authenticated besides the payload: sequence number, type, version, and a length.
  private func setAuthenticated(_ payload: UnsafePointer<UInt8>, length: Int) {
    let header = unsafe UnsafeRawPointer(payload) - RecordHeader.size
    let bytes = unsafe UnsafeMutableRawPointer(authenticated)
    unsafe bytes.storeBytes(of: header.loadUnaligned(fromByteOffset: 3, as: UInt64.self), as: UInt64.self)
    unsafe bytes.storeBytes(of: header.loadUnaligned(as: UInt16.self), toByteOffset: 8, as: UInt16.self)
    unsafe bytes.storeBytes(of: header.load(fromByteOffset: 2, as: UInt8.self), toByteOffset: 10, as: UInt8.self)
    unsafe bytes.storeBytes(of: UInt16(truncatingIfNeeded: length).bigEndian, toByteOffset: 11, as: UInt16.self)
  }
}
