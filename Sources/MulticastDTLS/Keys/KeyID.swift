/// A short fingerprint of a group secret, by which two people can see whether they have the same one.
///
/// It is derived from the secret slowly (32,768 rounds of PBKDF2), so that it may be shown and logged.
public struct KeyID: Hashable, Sendable, CustomStringConvertible {
  /// Eight hex digits with a hyphen in the middle.
  public let description: String

  /// Takes the four bytes of the fingerprint.
  init(_ bytes: UnsafeRawBufferPointer) {
    let digits = unsafe bytes.map { byte in
      let hex = String(byte, radix: 16)
      return hex.count == 1 ? "0" + hex : hex
    }
    description = digits[0] + digits[1] + "-" + digits[2] + digits[3]
  }
}
