/// A failed libcrypto call, or an unusable libcrypto. A wrong tag is a result, not an error.
public struct LibcryptoError: Error, Hashable, CustomStringConvertible {
  /// One line for a person: the call, OpenSSL's version, and a remedy.
  public let description: String

  init(description: String) {
    self.description = description
  }

  /// Describes a failed call.
  init(_ call: String) {
    self.init(
      description:
        "\(call) failed: OpenSSL \(LibcryptoLibrary.version) on this machine cannot protect records: install Debian's or "
        + "Ubuntu's libssl, and leave its default provider active (openssl.cnf)")
  }
}
