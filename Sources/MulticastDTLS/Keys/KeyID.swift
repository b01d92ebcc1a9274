/// A short fingerprint of a group secret, by which two people can see whether they have the same one.
///
/// It is derived from the secret slowly (32,768 rounds of PBKDF2), so that it may be shown and logged.
public struct KeyID: Hashable, Sendable, CustomStringConvertible {
  /// Eight hex digits with a hyphen in the middle.
  public let description: String

  /// Takes the four bytes of the fingerprint.
  init(_ bytes: some Sequence<UInt8>) {
    let digits = hexadecimal(bytes)
    description = digits.prefix(4) + "-" + digits.dropFirst(4)
  }
}
