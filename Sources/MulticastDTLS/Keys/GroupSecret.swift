/// The secret that all members of a group share, given to them out of band. Whoever has it can read the group's
/// messages and make records in any member's name.
///
/// It is kept in memory of its own that is wiped at the end, and nothing prints it.
public struct GroupSecret: ~Copyable, Sendable {
  /// The longest secret in bytes.
  public static let maximumSize = 1024
  /// A secret shorter than this, in bytes, can be guessed from one recorded datagram.
  public static let recommendedMinimumSize = 16

  /// The secret's bytes, without the newline that ended its file.
  let text: SecretBytes

  /// Whether the secret is so short that whoever records one datagram can hope to guess it.
  public var isShort: Bool {
    text.count < Self.recommendedMinimumSize
  }

  /// Takes a secret that the program already has.
  ///
  /// - Throws: ``SecretError`` if it is empty, longer than 1024 bytes, or holds a newline or a NUL byte.
  public init(text: String) throws(SecretError) {
    var text = text
    try self.init(
      unsafe SecretBytes(capacity: text.utf8.count) { storage in
        text.withUTF8 { unsafe storage.copyMemory(from: UnsafeRawBufferPointer($0)) }
        return storage.count
      },
      origin: "the secret"
    )
  }

  /// Takes a secret from somewhere, and names that place in errors.
  init(_ text: consuming SecretBytes, origin: String) throws(SecretError) {
    guard text.count > 0 else {
      throw .unusable("\(origin) is empty: put a secret of at least \(Self.recommendedMinimumSize) bytes there")
    }
    guard text.count <= Self.maximumSize else {
      throw .unusable("\(origin) is longer than \(Self.maximumSize) bytes: it cannot be a group secret")
    }
    // The C example reads the secret as a C string of one line, and a peer here must derive the same keys.
    guard unsafe !text.withBytes({ unsafe $0.contains { $0 == 0 || $0 == UInt8(ascii: "\n") } }) else {
      throw .unusable("\(origin) holds more than one line, or a NUL byte: give one secret, as text, on one line")
    }
    self.text = text
  }
}
