import SystemPackage
import Testing

@testable import MulticastDTLS

@Suite("Where the secret is looked for")
struct SecretSourceTests {
  private func choose(
    _ file: String? = nil, variable: Bool = false, config: String? = nil, home: String? = nil
  ) throws -> SecretSource {
    try .choose(secretFile: file.map { FilePath($0) }, variableIsSet: variable, configHome: config, home: home)
  }

  @Test("a file that the user names comes first")
  func file() throws {
    #expect(try choose("/a/b", variable: true, config: "/c", home: "/h") == .file(path: FilePath("/a/b")))
  }

  @Test("then the environment variable")
  func variable() throws {
    #expect(try choose(variable: true, config: "/c", home: "/h") == .environment)
  }

  @Test("then the user's own file, in XDG_CONFIG_HOME or ~/.config")
  func ownFile() throws {
    #expect(try choose(config: "/c", home: "/h") == .ownFile(path: FilePath("/c/mcast-peer/secret")))
    #expect(try choose(home: "/h") == .ownFile(path: FilePath("/h/.config/mcast-peer/secret")))
  }

  @Test("an XDG_CONFIG_HOME that is empty or relative does not count", arguments: ["", "relative/path"])
  func relative(config: String) throws {
    #expect(try choose(config: config, home: "/h") == .ownFile(path: FilePath("/h/.config/mcast-peer/secret")))
  }

  @Test("without a home there is an error that says what to do")
  func homeless() {
    let error = #expect(throws: SecretError.self) { try choose() }
    #expect(error?.description.contains("DTLS_MCAST_SECRET") == true)
  }
}
