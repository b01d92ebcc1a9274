/// The two cipher suites that work in wolfSSL's multicast mode.
public enum CipherSuite: Hashable, Sendable, CaseIterable {
  /// WDM-NULL-SHA256, 00FE: HMAC-SHA256 authenticates each record; the payload is sent in the clear.
  case wdmNullSHA256
  /// PSK-CHACHA20-POLY1305, CCAB: encrypts and authenticates each record (RFC 7905).
  case pskChaCha20Poly1305

  /// The suite's name for `wolfSSL_CTX_set_cipher_list`.
  public var name: String {
    switch self {
    case .wdmNullSHA256: "WDM-NULL-SHA256"
    case .pskChaCha20Poly1305: "PSK-CHACHA20-POLY1305"
    }
  }

  /// The suite's two bytes in TLS's registry, high byte first, for `wolfSSL_set_secret`.
  var code: [UInt8] {
    switch self {
    case .wdmNullSHA256: [0x00, 0xFE]
    case .pskChaCha20Poly1305: [0xCC, 0xAB]
    }
  }

  /// The other suite.
  var other: CipherSuite {
    switch self {
    case .wdmNullSHA256: .pskChaCha20Poly1305
    case .pskChaCha20Poly1305: .wdmNullSHA256
    }
  }

  /// True if payloads cannot be read without the secret.
  public var isEncrypted: Bool {
    self == .pskChaCha20Poly1305
  }

  /// The number of bytes after the payload in a record: the HMAC, or Poly1305's tag.
  public var tagSize: Int {
    switch self {
    case .wdmNullSHA256: 32
    case .pskChaCha20Poly1305: 16
    }
  }

  /// The most bytes in one message without a signature: 1343 authenticated, 1359 encrypted.
  public var maximumPayload: Int {
    RecordHeader.maximumRecord - RecordHeader.size - tagSize
  }
}
