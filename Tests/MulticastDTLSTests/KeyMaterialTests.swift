import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Keys from the group secret")
struct KeyMaterialTests {
  @Test("the derived keys are those of the C example")
  func vectors() throws {
    let vectors = Vectors.shared
    let keys = try KeyMaterial(GroupSecret(text: vectors.secret).bytes)
    #expect(keys.preMasterSecret.withBytes { Array($0) } == vectors.preMasterSecret)
    #expect(keys.clientRandom.withBytes { Array($0) } == vectors.clientRandom)
    #expect(keys.serverRandom.withBytes { Array($0) } == vectors.serverRandom)
  }

  @Test("the key ID depends on the secret alone, and does not change between versions")
  func keyID() throws {
    func keyID(_ text: String) throws -> String { try KeyMaterial(GroupSecret(text: text).bytes).keyID.description }
    // Python: hashlib.pbkdf2_hmac("sha256", text, b"mcast-key-id", 32768, 4).hex()
    #expect(try keyID(Vectors.shared.secret) == "9ab7-6d2d")
    #expect(try keyID("another secret of some length") != keyID(Vectors.shared.secret))
  }
}
