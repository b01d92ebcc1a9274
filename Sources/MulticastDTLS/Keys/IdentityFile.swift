internal import COpenSSL
import SystemPackage

/// A file that holds the ``Identity`` of one member: a line `ed25519-seed KEY`, with the 32 bytes of the seed in Base64. It has
/// the rules of a secret's file: only its owner may use it.
public struct IdentityFile: Sendable {
  private let path: String

  private var file: SecretFile { SecretFile(path: path, content: .identity) }

  private static let word: StaticString = "ed25519-seed "
  private static let base64Size = 44

  /// Stores the path, without opening the file.
  public init(path: FilePath) {
    self.path = path.string
  }

  /// Creates the file with a new identity and mode 0600, and its directory if there is none.
  ///
  /// - Throws: ``SecretError`` if there is a file already, which is never overwritten, or it cannot be created;
  ///   ``WolfSSLError`` or ``LibcryptoError`` if one of the libraries cannot sign.
  public func create() throws -> Identity {
    defer { copenssl_wipe_traces() }
    let identity = try Identity.random()
    guard try file.create(Self.text(of: identity)) else {
      throw SecretError.exists("\(path) exists already, and is not overwritten: name another file")
    }
    return identity
  }

  /// Reads the identity.
  ///
  /// - Throws: ``SecretError`` if there is no file, others can use it, or it holds no identity; ``WolfSSLError`` or
  ///   ``LibcryptoError`` if one of the libraries cannot sign.
  public func read() throws -> Identity {
    defer { copenssl_wipe_traces() }
    let text = KeyRingText(try file.read { error throws(SecretError) in throw error })
    guard text.secrets.count == 1, let line = text.secrets.first else { throw unusable }
    return try Identity(seed: seed(in: text.content(of: line)))
  }

  private var unusable: SecretError {
    .unusable(
      "\(file.subject) does not hold one identity, a line 'ed25519-seed KEY' with a key of 44 characters: move the file away, "
        + "and make an identity")
  }

  private func seed(in line: borrowing SecretBytes) throws(SecretError) -> SecretBytes {
    try unsafe line.withBytes { line throws(SecretError) in
      let start = Self.word.utf8CodeUnitCount
      let mark = unsafe UnsafeRawBufferPointer(start: Self.word.utf8Start, count: start)
      guard line.count == start + Self.base64Size, unsafe line.starts(with: mark) else { throw unusable }
      let digits = unsafe UnsafeRawBufferPointer(rebasing: line[start...])
      return try unsafe SecretBytes(capacity: Self.base64Size / 4 * 3) { storage throws(SecretError) in
        // EVP_EncodeInit(3): the padding counts as zeros.
        guard unsafe EVP_DecodeBlock(storage.bytes, digits.bytes, CInt(digits.count)) == storage.count,
          // Elsewhere, it would be read as zeros.
          unsafe digits.firstIndex(of: UInt8(ascii: "=")) == digits.count - 1,
          // The last digit has two bits more than the seed.
          unsafe storage[Ed25519.keySize] == 0
        else {
          throw unusable
        }
        return Ed25519.keySize
      }
    }
  }

  private static func text(of identity: Identity) -> SecretBytes {
    let start = word.utf8CodeUnitCount
    // EVP_EncodeBlock also writes a NUL byte, where the newline goes.
    return unsafe SecretBytes(capacity: start + base64Size + 1) { storage in
      unsafe storage.copyMemory(from: UnsafeRawBufferPointer(start: word.utf8Start, count: start))
      unsafe identity.withSeed { seed in
        _ = unsafe EVP_EncodeBlock(
          UnsafeMutableRawBufferPointer(rebasing: storage[start...]).bytes, seed.bytes, CInt(seed.count))
      }
      unsafe storage[start + base64Size] = UInt8(ascii: "\n")
      return storage.count
    }
  }
}
