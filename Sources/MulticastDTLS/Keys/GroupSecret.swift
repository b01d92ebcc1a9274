import Glibc
import SystemPackage

/// A secret that the members of a group share, given to them out of band. Anyone who has it can read the group's
/// messages and, unless the group is signed, forge records in the name of any member.
///
/// The secret lives in memory of its own, which is wiped with the last reference. Nothing prints it.
public final class GroupSecret: Sendable {
  /// The longest secret in bytes.
  public static let maximumSize = 1024
  /// A secret shorter than this, in bytes, can be guessed from one recorded datagram.
  public static let recommendedMinimumSize = 16

  /// The secret's bytes, without the newline that ended its line.
  let bytes: SecretBytes

  /// True if the secret is so short that an attacker with one recorded datagram can hope to guess it.
  public var isShort: Bool {
    bytes.count < Self.recommendedMinimumSize
  }

  /// True if the secret begins or ends with a space or a tab, which counts, and which people do not see.
  public var hasSurroundingWhitespace: Bool {
    warnings.contains(.blankEnd)
  }

  /// True if all messages under the secret are signed: its text begins with `signed:`.
  ///
  /// That is a part of the text, so that no member can take the same secret for one under which messages need no signature.
  /// Such a text has 33 to 64 bytes: HMAC hashes a longer key, so that the hash would be a second text for the same keys,
  /// without the mark; and one of 32 bytes could be such a hash (RFC 2104 section 2).
  public var isSigned: Bool {
    unsafe bytes.withBytes { bytes in
      let mark = unsafe UnsafeRawBufferPointer(
        start: Self.signedMark.utf8Start, count: Self.signedMark.utf8CodeUnitCount)
      return unsafe bytes.starts(with: mark)
    }
  }

  private static let signedMark: StaticString = "signed:"
  /// The sizes of a signed secret in bytes.
  private static let signedSizes = 33...64

  /// Takes a secret that the program already has.
  ///
  /// - Throws: ``SecretError`` if it is empty, longer than 1024 bytes, or holds a newline or a NUL byte.
  public convenience init(text: String) throws(SecretError) {
    var text = text
    try self.init(
      unsafe SecretBytes(capacity: text.utf8.count) { storage in
        text.withUTF8 { unsafe storage.copyMemory(from: UnsafeRawBufferPointer($0)) }
        return storage.count
      },
      origin: "the secret"
    )
  }

  /// Creates a secret of 256 random bits, as 64 hex digits; or a signed one of 224 random bits. The generator is the kernel's,
  /// getrandom(2).
  ///
  /// - Parameter isSigned: True for a secret under which all messages are signed; see ``isSigned``.
  public static func random(isSigned: Bool = false) -> GroupSecret {
    let digits = StaticString("0123456789abcdef")
    let mark = isSigned ? signedMark.utf8CodeUnitCount : 0
    let size = isSigned ? mark + 56 : 64
    let text = unsafe SecretBytes(capacity: size) { storage in
      unsafe storage.copyMemory(from: UnsafeRawBufferPointer(start: signedMark.utf8Start, count: mark))
      var generator = SystemRandomNumberGenerator()
      for index in mark..<size {
        unsafe storage[index] = unsafe digits.utf8Start[Int.random(in: 0..<16, using: &generator)]
      }
      return size
    }
    return GroupSecret(text)
  }

  private init(_ text: consuming SecretBytes) {
    bytes = text
  }

  /// Lends the secret's bytes, to write them where they are kept. Do not copy them to memory that is not wiped.
  public func withBytes<Value, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try unsafe bytes.withBytes(body)
  }

  /// Reads a secret from a descriptor to its end, in the form of a key ring with one secret: one line, and comments.
  ///
  /// - Parameters:
  ///   - descriptor: The descriptor to read; it stays open.
  ///   - name: The name of the descriptor, for errors.
  /// - Throws: ``SecretError`` if there is not exactly one secret, it cannot be used, the descriptor cannot be read, or
  ///   it is a file that others can use.
  public convenience init(readingFrom descriptor: CInt, name: String) throws(SecretError) {
    let (file, descriptor) = (SecretFile(path: name, subject: name), FileDescriptor(rawValue: descriptor))
    var status = stat()
    if unsafe fstat(descriptor.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
      try file.checkOwner(of: status) { error throws(SecretError) in throw error }
    }
    let text = KeyRingText(try file.read(descriptor))
    guard text.secrets.count == 1, let line = text.secrets.first else {
      throw .unusable("\(name) has \(text.secrets.count) secrets: give one, on one line, as with <FILE")
    }
    try self.init(text.content(of: line), origin: "the secret on \(name)")
  }

  /// Takes a secret, and names its origin in errors.
  init(_ text: consuming SecretBytes, origin: String) throws(SecretError) {
    guard text.count > 0 else {
      throw .unusable("\(origin) is empty: put a secret of at least \(Self.recommendedMinimumSize) bytes there")
    }
    guard text.count <= Self.maximumSize else {
      throw .unusable("\(origin) is longer than \(Self.maximumSize) bytes: it cannot be a group secret")
    }
    // The C example reads the secret as a C string of one line, and this library must derive the same keys.
    guard unsafe !text.withBytes({ unsafe $0.contains(UInt8(ascii: "\n")) }) else {
      throw .unusable("\(origin) holds more than one line: give one secret, on one line")
    }
    guard unsafe !text.withBytes({ unsafe $0.contains(0) }) else {
      throw .unusable("\(origin) holds a NUL byte: a secret is a line of text")
    }
    guard unsafe !text.withBytes({ unsafe $0.starts(with: [0xEF, 0xBB, 0xBF]) }) else {
      throw .unusable(
        "\(origin) begins with a byte order mark, which an editor has put there: save the file as UTF-8 without it")
    }
    let isIdentity = unsafe text.withBytes { unsafe $0.starts(with: Array("ed25519-seed ".utf8)) }
    guard !isIdentity else {
      throw .unusable(
        "\(origin) is the identity of a member, and not the secret of a group: give the file of the secret")
    }
    bytes = text
    guard !isSigned || Self.signedSizes.contains(bytes.count) else {
      throw .unusable(
        "\(origin) begins with signed: and has \(bytes.count) bytes: make one that has \(Self.signedSizes.lowerBound) to "
          + "\(Self.signedSizes.upperBound)")
    }
  }

  /// Derives the fingerprint by which people compare secrets, which takes about 7 ms of one core by design.
  ///
  /// - Throws: ``LibcryptoError`` if libcrypto fails.
  public func keyID() throws(LibcryptoError) -> KeyID {
    try KeyMaterial.fingerprint(of: bytes)
  }
}
