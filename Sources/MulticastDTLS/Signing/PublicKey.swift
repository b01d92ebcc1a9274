internal import COpenSSL

/// The public key of a member's ``Identity``: an Ed25519 key of 32 bytes. Source: RFC 8032 section 5.1.5.
///
/// There is none for a key with which anybody could sign: the eight points of small order are refused, and so is any encoding
/// of a point that is not the usual one.
public struct PublicKey: Hashable, Sendable {
  private let words: SIMD4<UInt64>
  /// The fingerprint by which people compare the key: of SHA-256 over `mcast-peer identity 1`, a NUL byte and the key.
  public let fingerprint: Fingerprint

  /// Takes the 32 bytes of a key.
  ///
  /// - Throws: ``InvalidValue`` if they are none, or anybody could sign for them.
  public init(_ bytes: [UInt8]) throws(InvalidValue) {
    guard bytes.count == Ed25519.keySize else {
      throw InvalidValue("a public key has \(Ed25519.keySize) bytes, and this has \(bytes.count)")
    }
    words = unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(as: SIMD4<UInt64>.self) }
    fingerprint = Fingerprint("mcast-peer identity 1", bytes)
    guard isSound, unsafe bytes.withUnsafeBytes({ unsafe Ed25519.isPoint($0) }) else {
      throw InvalidValue("this is no public key, or one with which anybody could sign: copy it again")
    }
  }

  /// Parses a key in Base64 (RFC 4648 section 4), 44 characters.
  ///
  /// - Throws: ``InvalidValue`` if it is none, or anybody could sign for it.
  public init(_ text: some StringProtocol) throws(InvalidValue) {
    let characters = Array(text.utf8)
    var bytes = [UInt8](repeating: 0, count: Self.base64Size / 4 * 3)
    // EVP_EncodeInit(3): the padding counts as zeros.
    guard characters.count == Self.base64Size,
      unsafe EVP_DecodeBlock(&bytes, characters, CInt(characters.count)) == bytes.count,
      case let bytes = Array(bytes.prefix(Ed25519.keySize)), Self.base64(bytes) == characters
    else {
      throw InvalidValue("a public key is \(Self.base64Size) characters of Base64, as 'identity show' prints it")
    }
    try self.init(bytes)
  }

  /// The key's 32 bytes.
  public var bytes: [UInt8] { unsafe withBytes { unsafe Array($0) } }

  /// Lends the key's bytes.
  func withBytes<Value, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try unsafe Swift.withUnsafeBytes(of: words, body)
  }

  /// The byte by which a receiver chooses among the keys of a member.
  var tag: UInt8 { fingerprint.first }

  private static let base64Size = 44

  private static func base64(_ bytes: [UInt8]) -> [UInt8] {
    // EVP_EncodeBlock also writes a NUL byte.
    var text = [UInt8](repeating: 0, count: base64Size + 1)
    unsafe EVP_EncodeBlock(&text, bytes, CInt(bytes.count))
    return Array(text.dropLast())
  }

  /// True if the encoding is canonical, and the point has not one of the orders 1, 2, 4 and 8. Sources: RFC 8032 section
  /// 5.1.3; "Taming the many EdDSAs", SSR 2020, section 3.
  private var isSound: Bool {
    let top = UInt64(1) << 63
    // The y coordinate, in four words from the lowest; the top bit is the sign of x.
    var y = SIMD4<UInt64>()
    for index in words.indices { y[index] = UInt64(littleEndian: words[index]) }
    y[3] &= ~top
    // The field's prime is 2^255 - 19.
    let isCanonical = y[0] < .max - 18 || y[1] != .max || y[2] != .max || y[3] != ~top
    return isCanonical && !Self.smallOrders.contains(y)
  }

  /// The y coordinates of the points of small order.
  private static let smallOrders: [SIMD4<UInt64>] = [
    SIMD4(0, 0, 0, 0), SIMD4(1, 0, 0, 0),
    SIMD4(.max - 19, .max, .max, .max >> 1),
    SIMD4(0xB027_B2C2_8F95_E826, 0xF098_EFF2_89F4_C345, 0x3933_C6D3_05AC_DFD5, 0x05FC_536D_8802_38B1),
    SIMD4(0x4FD8_4D3D_706A_17C7, 0x0F67_100D_760B_3CBA, 0xC6CC_392C_FA53_202A, 0x7A03_AC92_77FD_C74E),
  ]
}

extension PublicKey: CustomStringConvertible {
  /// The key in Base64.
  public var description: String { String(decoding: Self.base64(bytes), as: UTF8.self) }
}
