import SystemPackage
import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Secret files")
struct SecretFileTests {
  private let directory = TemporaryDirectory()

  private func read(_ path: String) throws -> String {
    try text(KeyRing(from: .file(path: FilePath(path))))
  }

  /// The secrets of a ring, with a bar between them.
  private func text(_ ring: KeyRing) -> String {
    ring.secrets.map { $0.withBytes { String(decoding: $0, as: UTF8.self) } }.joined(separator: "|")
  }

  @Test(
    "one newline at the end is not part of the secret, and every other byte is",
    arguments: [("abc", "abc"), ("abc\n", "abc"), ("abc\r\n", "abc"), (" abc \n", " abc "), ("abc\r", "abc")])
  func newline(content: String, expected: String) throws {
    #expect(try read(directory.write(content, to: "secret")) == expected)
  }

  @Test(
    "a file without a secret, with more than four, with a NUL or with too many bytes is an error",
    arguments: [
      "", "\n", " \t\n# nothing\n", "a\nb\nc\nd\ne\n", "a\0b", String(repeating: "s", count: 1025),
      String(repeating: "# a comment\n", count: 2000) + "a",
    ])
  func unusable(content: String) {
    let path = directory.write(content, to: "secret")
    let error = #expect(throws: SecretError.self) { try read(path) }
    #expect(error?.description.contains(path) == true)
  }

  @Test(
    "a file that other users can read or write is an error",
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
    "a credential of the service manager may have group permissions, which come from its access list",
    arguments: [(0o440, true), (0o640, true), (0o444, false), (0o404, false)])
  func credential(mode: Int, isGood: Bool) throws {
    let path = directory.write("a secret that is long enough", to: "secret", mode: mode)
    func read(credentials: String?) throws {
      _ = try SecretFile(path: path, credentials: credentials).read { error throws(SecretError) in throw error }
    }
    if isGood {
      try read(credentials: directory.path)
    } else {
      #expect(throws: SecretError.self) { try read(credentials: directory.path) }
    }
    for other in [nil, "/run/credentials/other", "\(directory.path)/below", ""] {
      #expect(throws: SecretError.self) { try read(credentials: other) }
    }
  }

  @Test(
    "a file of another user is an error",
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

  /// The reason that a file is not read, if its directory is unsafe.
  private func reasonForDirectory(_ path: String) -> String? {
    let error = #expect(throws: SecretError.self) { try read(path) }
    guard case .openToOthers(let reason) = error else { return nil }
    return reason
  }

  @Test(
    "a file is an error if other users can replace it in its directory",
    arguments: [(0o777, false), (0o775, false), (0o772, false), (0o1777, true), (0o755, true), (0o711, true)])
  func directoryMode(mode: Int, isGood: Bool) throws {
    let path = directory.write("a secret that is long enough", to: "secret")
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: directory.path)
    if isGood {
      #expect(try read(path) == "a secret that is long enough")
    } else {
      let reason = try #require(reasonForDirectory(path))
      #expect(reason.contains(directory.path) && reason.contains("mode 0\(String(mode, radix: 8))"))
    }
  }

  @Test("the directories of a symbolic link and of its target are both checked")
  func linked() throws {
    let elsewhere = TemporaryDirectory()
    let target = elsewhere.write("a secret that is long enough", to: "secret")
    let link = "\(directory.path)/link"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
    #expect(try read(link) == "a secret that is long enough")
    for open in [elsewhere, directory] {
      try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: open.path)
      #expect(try #require(reasonForDirectory(link)).contains(open.path))
      try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: open.path)
    }
  }

  @Test("a file in another user's directory is an error", .enabled(if: getuid() == 0, "needs root to give it away"))
  func anothersDirectory() throws {
    let path = directory.write("a secret that is long enough", to: "secret")
    #expect(chown(directory.path, 65534, 65534) == 0)
    #expect(try #require(reasonForDirectory(path)).contains("65534"))
  }

  @Test("a file is an error if other users can write any parent directory")
  func parents() throws {
    try FileManager.default.createDirectory(atPath: "\(directory.path)/a/b", withIntermediateDirectories: true)
    let path = directory.write("a secret that is long enough", to: "a/b/secret")
    #expect(try read(path) == "a secret that is long enough")
    #expect(chmod("\(directory.path)/a", 0o777) == 0)
    #expect(try #require(reasonForDirectory(path)).contains("chmod go-w '\(directory.path)/a'"))
    // A new file is not made there either.
    let error = #expect(throws: SecretError.self) { try KeyRingFile(path: "\(directory.path)/a/c/d/ring").create() }
    guard case .openToOthers = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(!FileManager.default.fileExists(atPath: "\(directory.path)/a/c"))
  }

  /// Reads a file as another user with these groups.
  private func read(_ path: String, asUser own: uid_t, groups: Set<gid_t>) throws(SecretError) {
    _ = try SecretFile(path: path, credentials: nil, users: TrustedUsers(own: own, groups: groups))
      .read { error throws(SecretError) in throw error }
  }

  @Test(
    "root's file is read if a group of this process may read it and other users may not, as in Kubernetes",
    .enabled(if: getuid() == 0, "needs root to own it"),
    arguments: [
      (0o440, 1000, true), (0o640, 1000, true), (0o400, 1000, true), (0o040, 1000, true), (0o444, 1000, false),
      (0o460, 1000, false), (0o644, 1000, false), (0o441, 1000, false), (0o440, 1001, false), (0o640, 1001, false),
    ])
  func rootsFile(mode: Int, group: gid_t, isGood: Bool) throws {
    let path = directory.write("a secret that is long enough", to: "secret", mode: mode)
    #expect(chown(path, 0, group) == 0)
    if isGood {
      try read(path, asUser: 1000, groups: [4, 1000])
    } else {
      let error = #expect(throws: SecretError.self) { try read(path, asUser: 1000, groups: [4, 1000]) }
      let reason = error?.description ?? ""
      #expect(reason.contains("mode 0\(String(mode, radix: 8)), owner root, gid \(group)"), "\(reason)")
      // The reason names every remedy.
      for way in ["defaultMode: 0440", "fsGroup", "uid:", "mode: 0400", "chgrp", "chmod 640"] {
        #expect(reason.contains(way))
      }
    }
    // For a user's own file, the group counts as other users.
    if mode & 0o077 != 0 {
      #expect(chown(path, 1000, 1000) == 0)
      #expect(throws: SecretError.self) { try read(path, asUser: 1000, groups: [1000]) }
    }
  }

  @Test(
    "root reads its file if it gave read access to another group than its own, as to the group of a service",
    .enabled(if: getuid() == 0, "needs root to own it"),
    arguments: [
      (0o640, 1000, true), (0o440, 1000, true), (0o640, 0, false), (0o440, 0, false), (0o660, 1000, false),
      (0o644, 1000, false), (0o650, 1000, false),
    ])
  func filesOfRootForGroup(mode: Int, group: gid_t, isGood: Bool) throws {
    let path = directory.write("a secret that is long enough", to: "secret", mode: mode)
    #expect(chown(path, 0, group) == 0)
    if isGood {
      try read(path, asUser: 0, groups: [0])
    } else {
      let error = #expect(throws: SecretError.self) { try read(path, asUser: 0, groups: [0]) }
      #expect(error?.description.contains(group == 0 ? "chmod 600" : "chmod 640") == true)
    }
  }

  @Test(
    "a change of the ring keeps the group of root's file, and its access",
    .enabled(if: getuid() == 0, "needs root to own it"))
  func changeKeepsGroup() throws {
    let path = directory.write("a secret that is long enough\n", to: "secret", mode: 0o640)
    #expect(chown(path, 0, 1000) == 0)
    try KeyRingFile(path: path).add(GroupSecret.random())
    try KeyRingFile(path: path).promote()
    var status = stat()
    #expect(stat(path, &status) == 0 && status.st_gid == 1000 && status.st_mode & 0o7777 == 0o640)
    #expect(try read(path).hasSuffix("|a secret that is long enough"))
  }

  @Test("a ring has up to four secrets in their order")
  func ring() throws {
    #expect(try read(directory.write("# of 2026\na\n\nb\nc\nd\n", to: "secret")) == "a|b|c|d")
  }

  @Test("any mode for the owner alone is accepted", arguments: [0o600, 0o400, 0o700])
  func ownersModes(mode: Int) throws {
    #expect(
      try read(directory.write("a secret that is long enough", to: "secret", mode: mode))
        == "a secret that is long enough")
  }

  @Test("a missing file, a directory and a pipe are errors at once")
  func notAFile() {
    let pipe = "\(directory.path)/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    for path in ["\(directory.path)/none", directory.path, pipe] {
      let error = #expect(throws: SecretError.self) { try read(path) }
      #expect(error?.description.contains(path) == true)
    }
  }

  @Test(
    "the user's own file is made with 256 random bits in hex, and its owner alone can use it and its directories")
  func created() throws {
    let path = "\(directory.path)/config/mcast-peer/secret"
    let ring = try KeyRing(from: .ownFile(path: FilePath(path)))
    let content = try String(contentsOfFile: path, encoding: .utf8)
    #expect(content.wholeMatch(of: /[0-9a-f]{64}\n/) != nil)
    #expect(ring.isNew && text(ring) + "\n" == content)
    #expect(try mode(path) == 0o600)
    #expect(try mode("\(directory.path)/config") == 0o700)
    #expect(try mode("\(directory.path)/config/mcast-peer") == 0o700)
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/config/mcast-peer") == ["secret"])
  }

  @Test("an existing own file is not changed")
  func kept() throws {
    let path = directory.write("the secret that was there before", to: "secret")
    let ring = try KeyRing(from: .ownFile(path: FilePath(path)))
    #expect(!ring.isNew && text(ring) == "the secret that was there before")
  }

  @Test("one of many simultaneous first starts makes the secret, and all read the same")
  func race() async throws {
    let path = "\(directory.path)/config/mcast-peer/secret"
    let texts = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<32 {
        group.addTask {
          try text(KeyRing(from: .ownFile(path: FilePath(path))))
        }
      }
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(texts.count == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/config/mcast-peer") == ["secret"])
  }

  @Test("the error names a file that cannot be made")
  func cannotMake() {
    let path = directory.write("not a directory", to: "file") + "/secret"
    let error = #expect(throws: SecretError.self) { _ = try KeyRing(from: .ownFile(path: FilePath(path))) }
    #expect(error?.description.contains(path) == true)
  }

  private func mode(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }
}
