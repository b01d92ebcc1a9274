internal import COpenSSL

/// The first 16 bytes of a SHA-256 (FIPS 180-4), computed by libcrypto without allocation.
///
/// 128 bits suffice where an attacker needs a second preimage: a text that has the hash of a given one.
struct Hash16: Hashable, Sendable {
  /// The bytes as in memory, in two halves.
  let low: UInt64
  let high: UInt64

  /// The size in bytes.
  static let size = 16

  /// All bytes zero: stands for a leaf that a tree does not have.
  static let zero = Hash16(low: 0, high: 0)

  private init(low: UInt64, high: UInt64) {
    (self.low, self.high) = (low, high)
  }

  /// Reads a hash.
  init(_ bytes: UnsafeRawPointer) {
    low = unsafe bytes.loadUnaligned(as: UInt64.self)
    high = unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
  }

  /// Hashes a prefix of one byte, and three parts after it. The first two have at most 63 bytes together.
  init(
    prefix: UInt8, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, _ third: UnsafeRawBufferPointer
  ) {
    self = unsafe withUnsafeTemporaryAllocation(byteCount: Self.size, alignment: 16) { hash in
      unsafe copenssl_hash16(
        prefix, first.bytes, first.count, second.bytes, second.count, third.bytes, third.count, hash.bytes)
      return unsafe Hash16(UnsafeRawPointer(hash.baseAddress.unsafelyUnwrapped))
    }
  }

  /// Hashes a label, a NUL byte, and a text.
  init(_ label: StaticString, _ text: UnsafeRawBufferPointer) {
    let rest = unsafe UnsafeRawBufferPointer(start: label.utf8Start + 1, count: label.utf8CodeUnitCount - 1)
    var separator: UInt8 = 0
    self = unsafe withUnsafeBytes(of: &separator) { separator in
      unsafe Hash16(prefix: label.utf8Start.pointee, rest, separator, text)
    }
  }

  /// Writes the hash.
  func write(to bytes: UnsafeMutableRawPointer) {
    unsafe bytes.storeBytes(of: low, as: UInt64.self)
    unsafe bytes.storeBytes(of: high, toByteOffset: 8, as: UInt64.self)
  }

  /// The bytes.
  var bytes: [UInt8] {
    [low, high].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half.littleEndian >> ($0 * 8)) } }
  }
}
