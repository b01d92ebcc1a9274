import Testing

@testable import mcast_peer

@Suite("Escaping of payloads")
struct EscapingTests {
  @Test(
    "printable UTF-8 stays unchanged",
    arguments: ["", "Hello from node 1, message #1", "say \"hi\"", "Grüße, 你好, नमस्ते", "👩‍👩‍👧 ok", "~!@#$%^&*()"])
  func printable(text: String) {
    #expect(escaped(text.utf8) == text)
  }

  @Test(
    "control characters are escaped",
    arguments: [
      ("\u{1B}[2J", "\\x1B[2J"), ("a\nNode 0: Goodbye!", "a\\nNode 0: Goodbye!"), ("\r", "\\r"), ("\t", "\\t"),
      ("\0", "\\x00"),
      ("\u{7F}", "\\x7F"), ("\u{7}", "\\x07"), ("\u{9B}31m", "\\u{009B}31m"), ("\u{85}", "\\u{0085}"),
      ("\u{202E}evil", "\\u{202E}evil"), ("\u{2066}", "\\u{2066}"), ("\u{2028}", "\\u{2028}"), ("C:\\x1B", "C:\\\\x1B"),
    ])
  func obeyed(text: String, expected: String) {
    #expect(escaped(text.utf8) == expected)
  }

  @Test(
    "bytes that are not UTF-8 are escaped one by one, and the rest stays unchanged",
    arguments: [
      ([0xFF], "\\xFF"), ([0x61, 0xC3, 0x62], "a\\xC3b"), ([0xC0, 0xAF], "\\xC0\\xAF"), ([0xE2, 0x82], "\\xE2\\x82"),
      ([0xED, 0xA0, 0x80], "\\xED\\xA0\\x80"), ([0xF5, 0x80, 0x61], "\\xF5\\x80a"),
      ([0xE2, 0x82, 0xAC, 0x80], "€\\x80"),
    ] as [([UInt8], String)])
  func invalid(bytes: [UInt8], expected: String) {
    #expect(escaped(bytes) == expected)
  }

  @Test("random bytes leave no control characters, and every byte stays visible")
  func random() {
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 1...64)).map { _ in UInt8.random(in: 0...255) }
      let text = escaped(bytes)
      #expect(text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
      #expect(text.utf8.count >= bytes.count)
    }
  }
}
