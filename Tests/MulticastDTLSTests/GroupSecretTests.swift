import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Group secrets")
struct GroupSecretTests {
  @Test("the secret of a program is used unchanged")
  func text() throws {
    let secret = try GroupSecret(text: "correct horse battery staple")
    #expect(secret.bytes.withBytes { Array($0) } == Array("correct horse battery staple".utf8))
    let isShort = secret.isShort
    #expect(!isShort)
  }

  @Test("a secret of less than 16 bytes is short", arguments: [(15, true), (16, false)])
  func short(count: Int, isShort: Bool) throws {
    let secret = try GroupSecret(text: String(repeating: "s", count: count))
    let found = secret.isShort
    #expect(found == isShort)
  }

  @Test(
    "an empty, multiline or too long text, or one with a NUL, is no secret",
    arguments: ["", "two\nlines of it, as it were", "a NUL \0 in it", String(repeating: "s", count: 1025)])
  func unusable(text: String) {
    let error = #expect(throws: SecretError.self) { _ = try GroupSecret(text: text) }
    if case .unusable = error {} else { Issue.record("\(String(describing: error))") }
  }
}
