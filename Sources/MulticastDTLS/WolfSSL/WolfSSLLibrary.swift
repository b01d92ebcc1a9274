internal import CWolfSSL

/// The wolfSSL library of this process.
public enum WolfSSLLibrary {
  /// The version, as in 5.5.4.
  public static var version: String {
    unsafe String(cString: wolfSSL_lib_version())
  }

  /// True if the library has the user atomic record layer, the hook through which libcrypto protects its records.
  /// Debian's and Ubuntu's have it; without it wolfSSL computes the records itself, several times slower.
  public static var hasRecordHook: Bool {
    cwolfssl_has_record_hook() != 0
  }

  /// Initializes the library once for the process, until the process ends.
  ///
  /// - Throws: ``WolfSSLError`` if the library has no multicast or cannot start.
  static func prepare() throws(WolfSSLError) {
    try readiness.get()
  }

  private static let readiness: Result<Void, WolfSSLError> = {
    guard cwolfssl_has_multicast() != 0 else {
      return .failure(
        WolfSSLError(
          description:
            "the wolfSSL \(version) library on this machine was built without multicast: install Debian's or "
            + "Ubuntu's package, or build wolfSSL with --enable-dtls --enable-mcast"
        )
      )
    }
    let result = wolfSSL_Init()
    return result == cwolfssl_success ? .success(()) : .failure(WolfSSLError("wolfSSL_Init", code: result))
  }()
}
