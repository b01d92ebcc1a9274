import COpenSSL

/// The libcrypto that this process runs with.
public enum CryptoLibrary {
  /// Its version, as in 3.0.19.
  public static var version: String {
    unsafe String(cString: OpenSSL_version(OPENSSL_VERSION_STRING))
  }
}
