/// The library that computes inside wolfSSL's record layer. The records are the same, byte for byte, whichever it is.
public enum RecordEngine: String, Hashable, Sendable, CaseIterable {
  /// OpenSSL's libcrypto, behind wolfSSL's hook for it, with the instructions that the processor has. A record of wolfSSL
  /// alone must agree before anything is sent. A wolfSSL without the hook computes by itself, and the logger is told.
  case libcrypto
  /// wolfSSL's own wolfCrypt, which Debian builds without such instructions. Keys are derived, and records for which there is
  /// no session are checked, by libcrypto all the same.
  case wolfSSL = "wolfssl"
}
