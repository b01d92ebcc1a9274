internal import COpenSSL

/// The MAC or the AEAD of records under one key, computed by libcrypto in place. One thread at a time may use it.
///
/// It takes a record's payload, with the complete header right before it and room for the tag right behind. It checks
/// no sequence numbers and has no replay window.
///
/// Sources: RFC 5246 section 6.2.3.1 (the MAC of WDM-NULL-SHA256), RFC 7905 (ChaCha20-Poly1305), with RFC 6347 section
/// 4.1.2.1's sequence number in both: epoch, member ID and sequence.
@safe
final class RecordProtection {
  /// The direction of the protection; an AEAD context has only one.
  enum Direction {
    case sealing, opening
  }

  /// The suite of the protected records.
  let suite: CipherSuite

  /// Judges the payloads of a signed group; nil of any other.
  var inspection: (any PayloadInspection)?

  /// The reason for which the inspection has rejected a payload within wolfSSL, until it is taken.
  private var rejection: RejectionReason?

  private let algorithm: Algorithm
  private var failure: (any Error)?
  /// The 13 authenticated bytes besides the payload.
  private let authenticated: UnsafeMutablePointer<UInt8>
  /// Scratch space of a check: a computed MAC, or a decrypted payload.
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
    // Allocated last: if an initializer throws, no deinit frees its allocations.
    unsafe authenticated = .allocate(capacity: RecordHeader.size)
    unsafe scratch = .allocate(capacity: RecordHeader.maximumRecord)
  }

  deinit {
    unsafe authenticated.deallocate()
    unsafe scratch.deallocate()
  }

  /// Seals a payload, and appends the tag.
  ///
  /// - Returns: True on success; if false, ``takeFailure()`` returns the reason.
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

  /// Stores the reason why a record was not sealed, which the result of wolfSSL's call cannot carry.
  func fail(_ error: any Error) {
    failure = error
  }

  /// Returns the reason why a record was not sealed, and clears it.
  func takeFailure() -> (any Error)? {
    failure.take()
  }

  /// Opens a payload followed by its tag.
  ///
  /// - Parameter size: The size of payload and tag in bytes.
  /// - Returns: True if the payload is authentic. If false, nothing of it may be used.
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

  /// Checks the tag of a whole record of at most ``RecordHeader/maximumRecord`` bytes without changing the record.
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

  /// Judges the payload of a record that ``isAuthentic(_:)`` has just found authentic.
  ///
  /// - Returns: The reason to reject it; nil to accept it.
  func inspect(_ record: UnsafeBufferPointer<UInt8>) -> RejectionReason? {
    guard let inspection, let start = record.baseAddress else { return nil }
    let payload = unsafe suite.isEncrypted ? UnsafePointer(scratch) : start + RecordHeader.size
    return unsafe inspection.inspect(
      UnsafeRawBufferPointer(start: payload, count: record.count - RecordHeader.size - suite.tagSize),
      number: RecordHeader.rawNumber(of: UnsafeRawPointer(start)))
  }

  /// Judges a payload that was just opened in place, right after its header.
  ///
  /// - Returns: True to accept it; if false, ``takeRejection()`` returns the reason.
  func acceptsOpened(_ payload: UnsafePointer<UInt8>, count: Int) -> Bool {
    guard let inspection else { return true }
    rejection = unsafe inspection.inspect(
      UnsafeRawBufferPointer(start: payload, count: count),
      number: RecordHeader.rawNumber(of: UnsafeRawPointer(payload) - RecordHeader.size))
    return rejection == nil
  }

  /// Returns the reason for which a payload was rejected within wolfSSL, which the result of wolfSSL's call cannot carry, and
  /// clears it.
  func takeRejection() -> RejectionReason? {
    rejection.take()
  }

  private func isAuthentic(_ payload: UnsafePointer<UInt8>, size: Int, _ mac: borrowing RecordMAC) -> Bool {
    let count = size - RecordMAC.size
    guard count >= 0 else { return false }
    unsafe setAuthenticated(payload, length: count)
    unsafe mac.authenticate(authenticated, payload, count: count, into: scratch)
    // Constant time: compares all bytes, so that the duration reveals nothing.
    return unsafe CRYPTO_memcmp(scratch, payload + count, RecordMAC.size) == 0
  }

  /// Fills in the authenticated bytes: sequence number, type, version and length.
  private func setAuthenticated(_ payload: UnsafePointer<UInt8>, length: Int) {
    let header = unsafe UnsafeRawPointer(payload) - RecordHeader.size
    let bytes = unsafe UnsafeMutableRawPointer(authenticated)
    unsafe bytes.storeBytes(of: RecordHeader.rawNumber(of: header), as: UInt64.self)
    unsafe bytes.storeBytes(of: header.loadUnaligned(as: UInt16.self), toByteOffset: 8, as: UInt16.self)
    unsafe bytes.storeBytes(of: header.load(fromByteOffset: 2, as: UInt8.self), toByteOffset: 10, as: UInt8.self)
    unsafe bytes.storeBytes(of: UInt16(truncatingIfNeeded: length).bigEndian, toByteOffset: 11, as: UInt16.self)
  }
}
