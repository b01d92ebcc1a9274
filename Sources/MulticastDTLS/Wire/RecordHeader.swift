/// The 13 bytes before a record's payload, parsed from a datagram. Nothing in it is authenticated yet.
///
/// Source: RFC 6347 section 4.1; the member ID in the top byte of the sequence number is
/// draft-keoh-dice-multicast-security's.
struct RecordHeader: Hashable {
  /// The size of the header in bytes.
  static let size = 13
  /// The largest record in bytes, including header and tag: the limit of wolfSSL's DTLS MTU. It holds
  /// ``CipherSuite/maximumPayload`` in either suite. A holder of the secret can make a larger one, which is rejected.
  static let maximumRecord = 1388
  /// One more than the highest accepted sequence number. wolfSSL's replay window fails at 2^32.
  static let sequenceLimit: UInt64 = 1 << 32
  /// The most records in one epoch of a sender: all but the 2^32nd. Once wolfSSL has accepted that one, it rejects
  /// earlier records that arrive late.
  static let epochLimit = sequenceLimit - 1

  /// The size of the shorter tag of the two suites in bytes: at least as many bytes follow every header.
  private static let shortestTag = min(CipherSuite.wdmNullSHA256.tagSize, CipherSuite.pskChaCha20Poly1305.tagSize)

  /// True if a datagram has the first three bytes of every record: application data (23), DTLS 1.2 (FE FD).
  static func isPrefix(of datagram: Span<UInt8>) -> Bool {
    datagram.count >= 3 && datagram[0] == 23 && datagram[1] == 0xFE && datagram[2] == 0xFD
  }

  /// Bytes 3 and 4; 0 is not a usable epoch.
  let epoch: UInt16
  /// Byte 5.
  let member: MemberID
  /// Bytes 6 to 10: 40 bits.
  let sequence: UInt64
  /// Bytes 11 and 12: the number of bytes after the header.
  let length: Int

  /// Parses the header of a datagram; nil if it has fewer than 13 bytes.
  init?(_ datagram: Span<UInt8>) {
    guard datagram.count >= Self.size else { return nil }
    // One load, since this runs for every datagram.
    let number = UInt64(bigEndian: unsafe datagram.bytes.unsafeLoadUnaligned(fromByteOffset: 3, as: UInt64.self))
    epoch = UInt16(truncatingIfNeeded: number >> 48)
    member = MemberID(rawValue: UInt8(truncatingIfNeeded: number >> 40))
    sequence = number & 0xFF_FFFF_FFFF
    length = Int(datagram[11]) << 8 | Int(datagram[12])
  }

  /// Reads the header of a datagram that has the form of a record; nil if it has not.
  ///
  /// These rules come before wolfSSL, which one forged datagram can silence for good (5.5.4): behind them it only sees
  /// records to authenticate. The suite's own tag size and the epoch are judged later, with the member's streams.
  init?(validating datagram: Span<UInt8>) {
    guard Self.isPrefix(of: datagram), let header = RecordHeader(datagram),
      header.length >= Self.shortestTag,
      datagram.count <= Self.maximumRecord,
      datagram.count == Self.size + header.length,
      header.sequence < Self.sequenceLimit,
      header.epoch >= Epoch.first.rawValue
    else { return nil }
    self = header
  }

  /// Bytes 3 to 10 of a record's header, as one number.
  static func number(epoch: Epoch, member: MemberID, sequence: UInt64) -> UInt64 {
    UInt64(epoch.rawValue) << 48 | UInt64(member.rawValue) << 40 | sequence & 0xFF_FFFF_FFFF
  }

  /// Reads bytes 3 to 10 of a record as they are in memory.
  static func rawNumber(of record: UnsafeRawPointer) -> UInt64 {
    unsafe record.loadUnaligned(fromByteOffset: 3, as: UInt64.self)
  }

  /// Reads bytes 3 to 10 of a record as one number.
  static func number(of record: UnsafeMutableRawBufferPointer) -> UInt64 {
    UInt64(bigEndian: unsafe record.loadUnaligned(fromByteOffset: 3, as: UInt64.self))
  }
}
