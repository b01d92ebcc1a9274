import SystemPackage
import Testing

@testable import MulticastDTLS

@Suite("Sources of the secret")
struct SecretSourceTests {
  private func choose(
    _ file: String? = nil, variable: Bool = false, config: String? = nil, home: String? = nil
  ) throws -> SecretSource {
    try .choose(secretFile: file.map { FilePath($0) }, variableIsSet: variable, configHome: config, home: home)
  }

  @Test("a file named by the user comes first")
  func file() throws {
    #expect(try choose("/a/b", variable: true, config: "/c", home: "/h") == .file(path: FilePath("/a/b")))
  }

  @Test("the environment variable comes second")
  func variable() throws {
    #expect(try choose(variable: true, config: "/c", home: "/h") == .environment)
  }

  @Test("the user's own file in XDG_CONFIG_HOME or ~/.config comes third")
  func ownFile() throws {
    #expect(try choose(config: "/c", home: "/h") == .ownFile(path: FilePath("/c/mcast-peer/secret")))
    #expect(try choose(home: "/h") == .ownFile(path: FilePath("/h/.config/mcast-peer/secret")))
  }

  @Test("an empty or relative XDG_CONFIG_HOME is ignored", arguments: ["", "relative/path"])
  func relative(config: String) throws {
    #expect(try choose(config: config, home: "/h") == .ownFile(path: FilePath("/h/.config/mcast-peer/secret")))
  }

  @Test("without a home directory, the error names DTLS_MCAST_SECRET")
  func homeless() {
    let error = #expect(throws: SecretError.self) { try choose() }
    #expect(error?.description.contains("DTLS_MCAST_SECRET") == true)
  }
}
