/// The two cipher suites that work in wolfSSL's multicast mode.
public enum CipherSuite: Hashable, Sendable, CaseIterable {
  /// WDM-NULL-SHA256, 00FE: HMAC-SHA256 authenticates each record; the payload is sent in the clear.
  case wdmNullSHA256
  /// PSK-CHACHA20-POLY1305, CCAB: each record is encrypted and authenticated (RFC 7905).
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

  /// The one that this is not.
  var other: CipherSuite {
    switch self {
    case .wdmNullSHA256: .pskChaCha20Poly1305
    case .pskChaCha20Poly1305: .wdmNullSHA256
    }
  }

  /// Whether what is sent cannot be read without the secret.
  public var isEncrypted: Bool {
    self == .pskChaCha20Poly1305
  }

  /// The bytes that follow the payload in a record: the HMAC, or Poly1305's tag.
  public var tagSize: Int {
    switch self {
    case .wdmNullSHA256: 32
    case .pskChaCha20Poly1305: 16
    }
  }

  /// The most bytes that one message can carry: 1343 authenticated, 1359 encrypted.
  public var maximumPayload: Int {
    RecordHeader.maximumRecord - RecordHeader.size - tagSize
  }
}
