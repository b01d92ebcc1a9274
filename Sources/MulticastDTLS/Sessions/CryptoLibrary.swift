import COpenSSL

/// The libcrypto that this process runs with.
public enum CryptoLibrary {
  /// Its name and version, as in OpenSSL 3.0.19 27 Jan 2026.
  public static var version: String {
    unsafe String(cString: OpenSSL_version(OPENSSL_VERSION))
  }
}
