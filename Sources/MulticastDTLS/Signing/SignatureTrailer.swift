/// The bytes after a signed message, at the end of a record's payload:
///
/// | from the end | bytes | field |
/// |---|---|---|
/// | -75 - 16 d | 16 d | path: the sibling at each level, from the leaf upward |
/// | -75 | 64 | signature of the root |
/// | -11 | 8 | salt of the tree |
/// | -3 | 1 | index of the message in the tree |
/// | -2 | 1 | tag of the key |
/// | -1 | 1 | E0 and the depth d, 0...7 |
@safe
struct SignatureTrailer {
  /// The largest trailer in bytes. Messages leave room for it whatever their batch, so that no message depends on luck.
  static let maximumSize = size(depth: SignatureTree.maximumDepth)

  /// The last byte without the depth.
  private static let mark: UInt8 = 0xE0

  /// The size of a trailer in bytes.
  static func size(depth: Int) -> Int { 75 + Hash16.size * depth }

  /// The depth of the tree.
  let depth: Int
  /// The place of the message in the tree.
  let index: Int
  /// The tag of the key.
  let tag: UInt8
  /// The salt of the tree, as in memory.
  let salt: UInt64

  /// The first byte of the trailer.
  private let start: UnsafeRawPointer

  /// Reads the trailer at the end of a payload; nil if there is none.
  init?(endOf payload: UnsafeRawBufferPointer) {
    guard let last = unsafe payload.last, let depth = Self.depth(last) else { return nil }
    let size = Self.size(depth: depth)
    guard payload.count >= size, let base = payload.baseAddress else { return nil }
    let end = unsafe base + payload.count
    index = Int(unsafe end.load(fromByteOffset: -3, as: UInt8.self))
    guard index < 1 << depth else { return nil }
    self.depth = depth
    tag = unsafe end.load(fromByteOffset: -2, as: UInt8.self)
    salt = unsafe end.loadUnaligned(fromByteOffset: -11, as: UInt64.self)
    unsafe start = unsafe end - size
  }

  /// The depth that the last byte of a signed payload tells; nil of an unsigned one.
  private static func depth(_ last: UInt8) -> Int? {
    last & 0xF8 == mark ? Int(last & 7) : nil
  }

  /// The size of the trailer in bytes.
  var size: Int { Self.size(depth: depth) }

  /// The sibling at a level, 0 beside the leaf.
  func sibling(_ level: Int) -> Hash16 { unsafe Hash16(start + level * Hash16.size) }

  /// The signature, lent.
  var signature: UnsafeRawPointer { unsafe start + depth * Hash16.size }

  /// Writes the end of a trailer: all after the path.
  static func writeEnd(
    to bytes: UnsafeMutableRawPointer, signature: UnsafeRawPointer, salt: UInt64, index: Int, tag: UInt8, depth: Int
  ) {
    unsafe bytes.copyMemory(from: signature, byteCount: Ed25519.signatureSize)
    unsafe bytes.storeBytes(of: salt, toByteOffset: 64, as: UInt64.self)
    unsafe bytes.storeBytes(of: UInt8(index), toByteOffset: 72, as: UInt8.self)
    unsafe bytes.storeBytes(of: tag, toByteOffset: 73, as: UInt8.self)
    unsafe bytes.storeBytes(of: mark | UInt8(depth), toByteOffset: 74, as: UInt8.self)
  }
}

extension CipherSuite {
  /// The most bytes in one signed message: 1156 authenticated, 1172 encrypted.
  public var maximumSignedPayload: Int { maximumPayload - SignatureTrailer.maximumSize }
}
