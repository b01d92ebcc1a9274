import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Secret files")
struct SecretFileTests {
  private let directory = TemporaryDirectory()

  private func read(_ path: String) throws -> String {
    let secret = try GroupSecret(from: .file(path: path))
    return secret.text.withBytes { String(decoding: $0, as: UTF8.self) }
  }

  @Test(
    "one newline at the end does not count, and nothing else is left out",
    arguments: [("abc", "abc"), ("abc\n", "abc"), ("abc\r\n", "abc"), (" abc \n", " abc "), ("abc\r", "abc\r")])
  func newline(content: String, expected: String) throws {
    #expect(try read(directory.write(content, to: "secret")) == expected)
  }

  @Test(
    "an empty file, several lines, a NUL or too much is refused",
    arguments: ["", "\n", "a\n\n", "a\nb\n", "a\0b", String(repeating: "s", count: 2000)])
  func unusable(content: String) {
    let path = directory.write(content, to: "secret")
    let error = #expect(throws: SecretError.self) { try read(path) }
    #expect(error?.description.contains(path) == true)
  }

  @Test(
    "a file that anybody else can read or write is refused, whatever is in it",
    arguments: [0o644, 0o640, 0o604, 0o660, 0o620, 0o602, 0o777])
  func openToOthers(mode: Int) {
    let path = directory.write("a secret that is long enough", to: "secret", mode: mode)
    let error = #expect(throws: SecretError.self) { try read(path) }
    guard case .openToOthers(let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains(path) && reason.contains("mode 0\(String(mode, radix: 8))"))
  }

  @Test(
    "a file of another user is refused, whatever its mode",
    .enabled(if: getuid() == 0, "needs root to give a file away"))
  func anotherOwner() {
    let path = directory.write("a secret that is long enough", to: "secret")
    #expect(chown(path, 65534, 65534) == 0)
    let error = #expect(throws: SecretError.self) { try read(path) }
    guard case .openToOthers(let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains("65534"))
  }

  @Test("its owner may have it as they like", arguments: [0o600, 0o400, 0o700])
  func ownersModes(mode: Int) throws {
    #expect(
      try read(directory.write("a secret that is long enough", to: "secret", mode: mode))
        == "a secret that is long enough")
  }

  @Test("a missing file, a directory and a pipe are refused without waiting")
  func notAFile() {
    let pipe = "\(directory.path)/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    for path in ["\(directory.path)/none", directory.path, pipe] {
      let error = #expect(throws: SecretError.self) { try read(path) }
      #expect(error?.description.contains(path) == true)
    }
  }

  @Test(
    "the user's own file is made with 256 random bits in hex, for its owner only, in directories for its owner only")
  func created() throws {
    let path = "\(directory.path)/config/mcast-peer/secret"
    let secret = try GroupSecret(from: .ownFile(path: path))
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text.wholeMatch(of: /[0-9a-f]{64}\n/) != nil)
    #expect(secret.text.withBytes { Array($0) } == Array(text.utf8.dropLast()))
    #expect(try mode(path) == 0o600)
    #expect(try mode("\(directory.path)/config") == 0o700)
    #expect(try mode("\(directory.path)/config/mcast-peer") == 0o700)
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/config/mcast-peer") == ["secret"])
  }

  @Test("an own file that exists is never changed")
  func kept() throws {
    let path = directory.write("the secret that was there before", to: "secret")
    let secret = try GroupSecret(from: .ownFile(path: path))
    #expect(secret.text.withBytes { String(decoding: $0, as: UTF8.self) } == "the secret that was there before")
  }

  @Test("of many first starts at the same instant one makes the secret, and all read the same")
  func race() async throws {
    let path = "\(directory.path)/config/mcast-peer/secret"
    let texts = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<32 {
        group.addTask {
          let secret = try GroupSecret(from: .ownFile(path: path))
          return secret.text.withBytes { String(decoding: $0, as: UTF8.self) }
        }
      }
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(texts.count == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/config/mcast-peer") == ["secret"])
  }

  @Test("where no file can be made the error names it")
  func cannotMake() {
    let path = directory.write("not a directory", to: "file") + "/secret"
    let error = #expect(throws: SecretError.self) { _ = try GroupSecret(from: .ownFile(path: path)) }
    #expect(error?.description.contains(path) == true)
  }

  private func mode(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }
}
