internal import COpenSSL

/// Lines of text followed by a checksum, so that half a file is not taken for the whole. A person can read them.
struct SealedText: Hashable {
  /// The lines before the checksum.
  let lines: [Substring]

  /// The error for a text without a valid checksum or form.
  struct Corrupt: Error, CustomStringConvertible {
    let description: String
  }

  /// Takes lines, none of which has a newline.
  init(lines: [String]) {
    self.lines = lines.map { Substring($0) }
  }

  /// Parses a text, all of it or nothing.
  ///
  /// - Throws: ``Corrupt`` if it differs from the form of ``text``.
  init(_ text: String) throws(Corrupt) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let content = Array(lines.dropLast(2))
    guard lines.last == "", lines.dropLast().last == "check \(Self.checksum(of: content))" else {
      throw Corrupt(description: "its checksum is wrong")
    }
    self.lines = content
  }

  /// The lines and the checksum.
  var text: String {
    (lines + ["check \(Self.checksum(of: lines))"]).map { $0 + "\n" }.joined()
  }

  /// The first 8 bytes of the lines' SHA-256, in hex.
  private static func checksum(of lines: [Substring]) -> String {
    let bytes = Array(lines.map { $0 + "\n" }.joined().utf8)
    var digest = [UInt8](repeating: 0, count: 32)
    // SHA256_Init(3). If hashing fails, the checksum matches no text, so nothing is accepted unchecked.
    guard unsafe SHA256(bytes, bytes.count, &digest) != nil else { return "none" }
    return hexadecimal(digest.prefix(8))
  }
}
