/// A short fingerprint of a group secret, by which two people compare their secrets.
///
/// Its derivation is slow (32,768 rounds of PBKDF2), so that it may be shown and logged.
public struct KeyID: Hashable, Sendable {
  private let rawValue: UInt32

  /// Takes the four bytes of the fingerprint, most significant first.
  init(_ bytes: some Sequence<UInt8>) {
    rawValue = bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// Parses a key ID, with or without its hyphen, in either case.
  ///
  /// - Throws: ``InvalidValue`` if it is not eight hex digits.
  public init(_ text: String) throws(InvalidValue) {
    let digits = text.filter { $0 != "-" }
    guard digits.count == 8, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }), let value = UInt32(digits, radix: 16)
    else {
      throw InvalidValue("'\(text)' is not a key ID: give eight hex digits, as in 9ab7-6d2d")
    }
    rawValue = value
  }
}

extension KeyID: CustomStringConvertible {
  /// Eight hex digits with a hyphen in the middle.
  public var description: String {
    let digits = hexadecimal([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: rawValue >> $0) })
    return digits.prefix(4) + "-" + digits.dropFirst(4)
  }
}
