import COpenSSL

/// Seals and opens records by libcrypto, without a session: no numbers, no replay window. One thread at a time may use it.
///
/// Sources: RFC 5246 section 6.2.3.1 (the MAC of WDM-NULL-SHA256), RFC 7905 (ChaCha20-Poly1305), with RFC 6347
/// section 4.1.2.1's sequence number in both: epoch, member ID and sequence.
@safe
final class RecordCipher {
  private let suite: CipherSuite
  private let protection: Protection
  /// What is authenticated besides the payload.
  private let header: UnsafeMutablePointer<UInt8> = .allocate(capacity: RecordAEAD.headerSize)
  private let mac: UnsafeMutablePointer<UInt8> = .allocate(capacity: RecordMAC.size)

  private enum Protection: ~Copyable {
    case mac(RecordMAC)
    case aead(RecordAEAD)
  }

  /// - Throws: ``WolfSSLError`` if this libcrypto lacks the cipher.
  init(_ suite: CipherSuite, key: UnsafeRawBufferPointer, iv: UnsafeRawBufferPointer) throws(WolfSSLError) {
    self.suite = suite
    switch suite {
    case .wdmNullSHA256: protection = .mac(unsafe RecordMAC(key: key))
    case .pskChaCha20Poly1305: protection = .aead(try unsafe RecordAEAD(key: key, iv: iv))
    }
  }

  deinit {
    unsafe header.deallocate()
    unsafe mac.deallocate()
  }

  /// Makes a record of a payload.
  ///
  /// - Parameter record: Where to put it; it must have room for header, payload and tag.
  /// - Returns: The record's size, or nil if libcrypto failed.
  func seal(
    _ payload: UnsafeRawBufferPointer, epoch: Epoch, member: MemberID, sequence: UInt64,
    into record: UnsafeMutableRawBufferPointer
  ) -> Int? {
    let size = RecordHeader.size + payload.count + suite.tagSize
    guard size <= record.count, let start = unsafe record.bytes else { return nil }
    unsafe RecordHeader.write(
      epoch: epoch, member: member, sequence: sequence, length: size - RecordHeader.size, to: start)
    unsafe setHeader(start, length: payload.count)
    let body = unsafe start + RecordHeader.size
    switch protection {
    case .mac(let mac):
      unsafe UnsafeMutableRawPointer(body).copyMemory(
        from: payload.baseAddress.unsafelyUnwrapped, byteCount: payload.count)
      unsafe mac.authenticate(
        UnsafeRawBufferPointer(start: header, count: RecordAEAD.headerSize), payload, into: body + payload.count)
    case .aead(let aead):
      guard unsafe aead.seal(payload, header: header, into: body) else { return nil }
    }
    return size
  }

  /// Opens an admitted record.
  ///
  /// - Parameter payload: Where to put what it carries; it must have room for that.
  /// - Returns: How many bytes of payload there are, or nil if the record is not authentic.
  func open(
    _ record: UnsafeBufferPointer<UInt8>, header: RecordHeader, into payload: UnsafeMutableRawBufferPointer
  ) -> Int? {
    let count = header.length - suite.tagSize
    guard count >= 0, count <= payload.count, record.count == RecordHeader.size + header.length,
      let start = record.baseAddress, let destination = unsafe payload.bytes
    else { return nil }
    let body = unsafe start + RecordHeader.size
    switch protection {
    case .mac(let mac):
      unsafe setHeader(start, length: count)
      unsafe mac.authenticate(
        UnsafeRawBufferPointer(start: self.header, count: RecordAEAD.headerSize),
        UnsafeRawBufferPointer(start: body, count: count), into: self.mac)
      // All bytes, whatever the first ones say: how long it takes tells nothing.
      guard unsafe CRYPTO_memcmp(self.mac, body + count, RecordMAC.size) == 0 else { return nil }
      unsafe payload.copyMemory(from: UnsafeRawBufferPointer(start: body, count: count))
    case .aead(let aead):
      unsafe setHeader(start, length: header.length)
      let sealed = unsafe UnsafeRawBufferPointer(start: body, count: header.length)
      guard unsafe aead.open(sealed, header: self.header, into: destination) else { return nil }
    }
    return count
  }

  /// Arranges what is authenticated besides the payload: sequence number, type, version, and a length.
  private func setHeader(_ record: UnsafePointer<UInt8>, length: Int) {
    unsafe header.update(from: record + 3, count: 8)
    unsafe (header + 8).update(from: record, count: 3)
    unsafe header[11] = UInt8(truncatingIfNeeded: length >> 8)
    unsafe header[12] = UInt8(truncatingIfNeeded: length)
  }

  /// What a libcrypto that cannot be used is refused with.
  static func unusable(_ call: String) -> WolfSSLError {
    WolfSSLError(
      description:
        "\(call) failed: OpenSSL \(CryptoLibrary.version) on this machine cannot "
        + "make the records; use the wolfSSL engine")
  }
}
