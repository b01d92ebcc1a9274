internal import COpenSSL

/// The libcrypto library of this process.
public enum LibcryptoLibrary {
  /// The version, as in 3.0.19.
  public static var version: String {
    unsafe String(cString: OpenSSL_version(OPENSSL_VERSION_STRING))
  }
}
