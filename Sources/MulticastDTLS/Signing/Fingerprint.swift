internal import COpenSSL

/// The first 16 bytes of a SHA-256, by which two people compare keys.
public struct Fingerprint: Hashable, Sendable {
  private let hash: Hash16

  /// Hashes a label, a NUL byte, and some bytes.
  init(_ label: StaticString, _ bytes: some Sequence<UInt8>) {
    let bytes = Array(bytes)
    hash = unsafe bytes.withUnsafeBytes { unsafe Hash16(label, $0) }
  }

  /// The first byte.
  var first: UInt8 { UInt8(truncatingIfNeeded: hash.low) }
}

extension Fingerprint: CustomStringConvertible {
  /// Eight groups of four hex digits, as in `79ce-8253-6ba7-dbdb-ff84-e1d8-63b8-d207`.
  public var description: String {
    let digits = Array(hexadecimal(hash.bytes))
    return stride(from: 0, to: digits.count, by: 4).map { String(digits[$0..<$0 + 4]) }.joined(separator: "-")
  }
}
