import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("The text of a key ring")
struct KeyRingTextTests {
  private func read(_ text: String) throws -> KeyRingText {
    KeyRingText(SecretBytes(copying: text))
  }

  private func string(_ bytes: borrowing SecretBytes) -> String {
    bytes.withBytes { String(decoding: $0, as: UTF8.self) }
  }

  @Test(
    "secrets are whole lines, without comments, blank lines and line ends",
    arguments: [
      ("abc", ["abc"]), ("abc\n", ["abc"]), ("abc\r\n", ["abc"]), ("a\n\nb\r\nc", ["a", "b", "c"]),
      ("# old\nabc\n  # new\n\t\ndef\n", ["abc", "def"]), (" abc \n", [" abc "]), ("a#b\n", ["a#b"]),
      ("abc\r", ["abc"]), ("", []), ("\n\r\n#\n", []),
    ])
  func secrets(text: String, expected: [String]) throws {
    let ring = try read(text)
    let secrets = ring.secrets.map { string(ring.content(of: $0)) }
    #expect(secrets == expected)
  }

  @Test("a text is written back byte for byte, with a newline added to the last line if it had none")
  func again() throws {
    for text in ["a\n", "# x\r\na\r\n\r\nb\n", "\n\na\n"] {
      let ring = try read(text)
      let again = string(ring.text(of: ring.lines))
      #expect(again == text)
    }
    let ring = try read("a\nb")
    let again = string(ring.text(of: ring.lines))
    #expect(again == "a\nb\n")
  }

  @Test("random texts are read safely and written back unchanged")
  func random() throws {
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
        Array("\n\r# \tab\u{0}".utf8).randomElement(using: &generator) ?? 0
      }
      let text = String(decoding: bytes, as: UTF8.self)
      let ring = try read(text)
      let again = string(ring.text(of: ring.lines))
      #expect(again == (text.isEmpty || text.utf8.last == UInt8(ascii: "\n") ? text : text + "\n"))
      let secrets = ring.secrets.map { string(ring.content(of: $0)) }
      #expect(secrets.allSatisfy { !$0.utf8.contains(UInt8(ascii: "\n")) && !$0.isEmpty })
    }
  }
}

extension SecretBytes {
  init(copying text: String) {
    let bytes = Array(text.utf8)
    self.init(capacity: bytes.count) { storage in
      storage.copyBytes(from: bytes)
      return bytes.count
    }
  }
}
