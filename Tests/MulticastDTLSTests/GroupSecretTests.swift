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

  @Test("a new signed secret says so, has room in one block of HMAC, and differs from every other one")
  func signed() throws {
    let secrets = (0..<20).map { _ in GroupSecret.random(isSigned: true) }
    let texts = secrets.map { $0.bytes.withBytes { String(decoding: $0, as: UTF8.self) } }
    #expect(secrets.allSatisfy(\.isSigned) && Set(texts).count == 20)
    #expect(texts.allSatisfy { $0.wholeMatch(of: /signed:[0-9a-f]{56}/) != nil })
    for text in texts { #expect(try GroupSecret(text: text).isSigned) }
    #expect(!GroupSecret.random().isSigned)
    for text in ["Signed:" + String(repeating: "s", count: 40), " signed:" + String(repeating: "s", count: 40)] {
      let isSigned = try GroupSecret(text: text).isSigned
      #expect(!isSigned, "\(text)")
    }
  }

  /// HMAC takes the hash of a key that is longer than its block: so a longer text has a twin of 32 bytes with the same keys,
  /// and a text of 32 bytes could be such a twin. Neither may be signed, since the other one is not.
  @Test("a signed secret that could have a twin without the mark is refused", arguments: [8, 16, 32, 65, 71, 200])
  func twins(count: Int) {
    let text = "signed:" + String(repeating: "s", count: count - 7)
    let error = #expect(throws: SecretError.self) { _ = try GroupSecret(text: text) }
    #expect(error?.description.contains("begins with signed: and has \(count) bytes") == true)
  }

  @Test("the sizes between are accepted", arguments: [33, 64])
  func sizes(count: Int) throws {
    let isSigned = try GroupSecret(text: "signed:" + String(repeating: "s", count: count - 7)).isSigned
    #expect(isSigned)
  }

  @Test("an identity is no secret")
  func identity() {
    let error = #expect(throws: SecretError.self) {
      _ = try GroupSecret(text: "ed25519-seed AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    }
    #expect(error?.description.contains("is the identity of a member") == true)
    #expect(error?.description.contains("AAEC") == false)
  }
}
