import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Group secrets")
struct GroupSecretTests {
  @Test("a secret of a program's own is taken as it is")
  func text() throws {
    let secret = try GroupSecret(text: "correct horse battery staple")
    #expect(secret.text.withBytes { Array($0) } == Array("correct horse battery staple".utf8))
    let isShort = secret.isShort
    #expect(!isShort)
  }

  @Test("a secret under 16 bytes is called short", arguments: [(15, true), (16, false)])
  func short(count: Int, isShort: Bool) throws {
    let secret = try GroupSecret(text: String(repeating: "s", count: count))
    let found = secret.isShort
    #expect(found == isShort)
  }

  @Test(
    "what cannot be a secret is refused",
    arguments: ["", "two\nlines of it, as it were", "a NUL \0 in it", String(repeating: "s", count: 1025)])
  func unusable(text: String) {
    let error = #expect(throws: SecretError.self) { _ = try GroupSecret(text: text) }
    if case .unusable = error {} else { Issue.record("\(String(describing: error))") }
  }
}
