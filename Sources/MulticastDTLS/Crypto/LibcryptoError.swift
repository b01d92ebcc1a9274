/// A libcrypto call that failed, or a libcrypto that cannot be used. A wrong tag is a result, not an error.
public struct LibcryptoError: Error, Hashable, CustomStringConvertible {
  /// One line for a person: the call, OpenSSL's version, and what to do.
  public let description: String

  init(description: String) {
    self.description = description
  }

  /// Describes a call that failed.
  init(_ call: String) {
    self.init(
      description:
        "\(call) failed: OpenSSL \(CryptoLibrary.version) on this machine cannot protect records: install Debian's or "
        + "Ubuntu's libssl, and leave its default provider active (openssl.cnf)")
  }
}
