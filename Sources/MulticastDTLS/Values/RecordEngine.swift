/// What computes the protection of records. The records are the same, byte for byte, whichever it is.
public enum RecordEngine: String, Hashable, Sendable, CaseIterable {
  /// OpenSSL's libcrypto, with the instructions that the processor has for it. wolfSSL derives the keys, and a record of
  /// its own must agree before anything is sent.
  case libcrypto
  /// wolfSSL's record layer and wolfCrypt, and nothing else; Debian builds them without such instructions.
  case wolfSSL = "wolfssl"
}
