/// The library that computes inside wolfSSL's record layer. Both make the same records, byte for byte.
public enum RecordEngine: String, Hashable, Sendable, CaseIterable {
  /// OpenSSL's libcrypto, behind wolfSSL's hook for it, with special instructions of the processor. A record of wolfSSL
  /// alone must agree before anything is sent. A wolfSSL without the hook computes the records itself, and the logger
  /// reports it.
  case libcrypto
  /// wolfSSL's own wolfCrypt, which Debian builds without such instructions. libcrypto still derives the keys, and
  /// still checks records for which there is no session.
  case wolfSSL = "wolfssl"
}
