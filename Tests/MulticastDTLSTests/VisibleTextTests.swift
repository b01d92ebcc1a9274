import SystemPackage
import CommonSupport
import Testing

@testable import MulticastDTLS

@Suite("Escapes for invisible characters")
struct VisibleTextTests {
  @Test(
    "visible text and existing escapes stay unchanged",
    arguments: ["", "eth0", "a b", "C:\\x1B\\r", "Grüße", "你好", "नमस्ते", "\\u{200B}", "it's \"so\""])
  func visible(text: String) {
    #expect(text.visible == text && text.invisibleEnds == "")
  }

  @Test(
    "controls and invisible characters are escaped at any place",
    arguments: [
      ("e0\r", "e0\\r"), ("a\r\nb", "a\\r\\nb"), ("\t", "\\t"), ("\u{1B}[2J", "\\x1B[2J"), ("\0", "\\x00"),
      ("a\u{A0}", "a\\u{00A0}"), ("\u{FEFF}a", "\\u{FEFF}a"), ("a\u{200B}b", "a\\u{200B}b"), ("\u{3000}", "\\u{3000}"),
      ("\u{202E}x", "\\u{202E}x"), ("\u{2028}", "\\u{2028}"), ("a\u{AD}", "a\\u{00AD}"), ("\u{85}", "\\u{0085}"),
      ("\u{E0041}", "\\u{E0041}"), ("\u{3164}", "\\u{3164}"), ("\u{200D}'", "\\u{200D}'"), ("\u{7F}", "\\x7F"),
    ])
  func hidden(text: String, expected: String) {
    #expect(text.visible == expected && text.visible.visible == expected)
  }

  @Test("invisible characters at the ends of a text are found")
  func ends() {
    #expect("\u{FEFF}a\u{200B}b\u{A0}\r".invisibleEnds == "\\u{FEFF}\\u{00A0}\\r")
    #expect("\r".invisibleEnds == "\\r" && " a ".invisibleEnds == "" && "\n\n".invisibleEnds == "\\n\\n")
  }

  @Test("errors escape the values in their texts")
  func errors() {
    let group = #expect(throws: InvalidValue.self) { try GroupAddress("239.1.1.1\r") }
    let interface = #expect(throws: NetworkError.self) { try NetworkInterface("e0\r") }
    let secret = #expect(throws: SecretError.self) { try KeyRing(from: .file(path: FilePath("/none/a\u{A0}"))) }
    let state = #expect(throws: StateError.self) { try StateDirectory(path: "/proc/a\r").makeSafely() }
    let texts = [group?.description, interface?.description, secret?.description, state?.description].map { $0 ?? "" }
    for (text, sign) in zip(texts, ["239.1.1.1\\r", "'e0\\r'", "/none/a\\u{00A0}", "/proc/a\\r"]) {
      #expect(text.contains(sign) && text == text.visible, "\(text)")
    }
  }
}

@Suite("Warnings about secrets")
struct SecretWarningTests {
  private func copy(_ bytes: [UInt8]) -> SecretBytes {
    SecretBytes(capacity: bytes.count) { storage in
      storage.copyBytes(from: bytes)
      return bytes.count
    }
  }

  private func doubts(_ bytes: [UInt8]) throws -> [SecretWarning] {
    try GroupSecret(copy(bytes), origin: "the test").warnings
  }

  @Test(
    "an invisible or unintended character in a secret causes a warning",
    arguments: [
      ("abc\r", [.carriageReturn]), ("abc\u{A0}", [.invisibleEnd]), ("\u{A0}abc", [.invisibleEnd]),
      ("abc\u{200B}", [.invisibleEnd]), ("abc\u{FEFF}", [.invisibleEnd]), ("\rabc", [.invisibleEnd]),
      ("abc\u{3000}", [.invisibleEnd]), ("abc\u{1B}", [.invisibleEnd]), ("\"abc\"", [.quote]), ("'abc", [.quote]),
      ("abc”", [.quote]), ("abc`", [.quote]), ("\"abc\"\r", [.carriageReturn, .quote]), (" abc", [.blankEnd]),
      ("abc\t", [.blankEnd]), ("ab\rc", [.control]), ("ab\rc\r", [.carriageReturn, .control]),
      ("\r", [.carriageReturn]),
    ] as [(String, [SecretWarning])])
  func ends(text: String, expected: [SecretWarning]) throws {
    #expect(try doubts(Array(text.utf8)) == expected)
  }

  @Test(
    "an ordinary secret causes no warning, also if it is not English or not text",
    arguments: [
      "abc", "it's a secret", "Grüße", "秘密", "a b\tc", "🗝️🔑", "…", "x",
    ].map { Array($0.utf8) } + [[0x61, 0xFF], [0xE4], [0x80, 0x61, 0xE2, 0x82]])
  func none(bytes: [UInt8]) throws {
    let isOdd = bytes.first == 0x80
    #expect(try doubts(bytes) == (isOdd ? [.invisibleEnd] : []))
  }

  @Test("a no-break space in Latin-1 causes a warning, and invalid UTF-8 does not crash")
  func latin1() throws {
    #expect(try doubts([0x61, 0xA0]) == [.invisibleEnd])
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 1...8)).map { _ in UInt8.random(in: 1...255) }
      _ = try? doubts(bytes)
    }
  }

  @Test("in a ring file, one carriage return before a newline is part of the line end, and a second causes a warning")
  func file() throws {
    func doubts(_ content: String) -> [[SecretWarning]] {
      let text = KeyRingText(copy(Array(content.utf8)))
      return text.secrets.map { (try? GroupSecret(text.content(of: $0), origin: "a line"))?.warnings ?? [] }
    }
    #expect(doubts("abc\r\ndef\r\n") == [[], []] && doubts("abc\r\r\n'def'\n") == [[.carriageReturn], [.quote]])
  }
}
