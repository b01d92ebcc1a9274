import SystemPackage
import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Changes of a key ring file")
struct KeyRingFileTests {
  private let directory = TemporaryDirectory()
  private var path: String { "\(directory.path)/ring" }
  private var file: KeyRingFile { KeyRingFile(path: path) }
  private var text: String { get throws { try String(contentsOfFile: path, encoding: .utf8) } }

  private func write(_ text: String, mode: Int = 0o600) {
    directory.write(text, to: "ring", mode: mode)
  }

  private func keyID(_ secret: String) throws -> KeyID {
    try GroupSecret(text: secret).keyID()
  }

  /// The error of a change. Checks that the file is unchanged.
  private func reason(_ change: (KeyRingFile) throws -> Void) throws -> String {
    let before = try text
    var reason = ""
    do {
      try change(file)
      Issue.record("not refused")
    } catch {
      reason = "\(error)"
    }
    #expect(try text == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["ring"])
    return reason
  }

  @Test("three steps replace a secret, and comments keep their places")
  func threeSteps() throws {
    write("# since spring\nthe old secret\n\n# the end")
    try file.add(GroupSecret(text: "the new secret"))
    #expect(try text == "# since spring\nthe old secret\n\n# the end\nthe new secret\n")
    try file.promote()
    #expect(try text == "# since spring\nthe new secret\n\n# the end\nthe old secret\n")
    try file.drop()
    #expect(try text == "# since spring\nthe new secret\n\n# the end\n")
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["ring"])
  }

  @Test("a secret can be named by its key ID, and promoting the first changes nothing")
  func named() throws {
    write("a\nb\nc\n")
    try file.promote(keyID("b"))
    #expect(try text == "b\na\nc\n")
    try file.promote(keyID("b"))
    #expect(try text == "b\na\nc\n")
    try file.drop(keyID("a"))
    #expect(try text == "b\nc\n")
  }

  @Test("a repeated step changes nothing")
  func again() throws {
    write("# the only one\na\n")
    try file.add(GroupSecret(text: "a"))
    try file.promote(keyID("a"))
    #expect(try text == "# the only one\na\n")
  }

  @Test("dropping a secret that is listed twice removes both lines")
  func twice() throws {
    write("a\nb\nc\nb\n")
    try file.drop(keyID("b"))
    #expect(try text == "a\nc\n")
    write("a\nb\na\n")
    #expect(try reason { try $0.drop() }.contains("is the first"))
  }

  @Test("a change leaves other files in the directory alone")
  func neighbours() throws {
    write("a\nb\n")
    let names = ["ring.new", "ring.damaged", "ring~", ".ring"]
    for name in names { directory.write("precious", to: name) }
    try file.promote()
    for name in names {
      #expect(try String(contentsOfFile: "\(directory.path)/\(name)", encoding: .utf8) == "precious")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count == names.count + 1)
  }

  @Test("a change that would break the ring fails with a reason, and the file stays unchanged")
  func refused() throws {
    write("a\n")
    #expect(try reason { try $0.drop() }.contains("one secret only"))
    #expect(try reason { try $0.promote() }.contains("one secret only"))
    #expect(try reason { try $0.drop(keyID("e")) }.contains("no secret with key ID \(keyID("e"))"))
    #expect(try reason { try $0.drop(keyID("a")) }.contains("is the first"))
    // As a line, it would be read as something else.
    for secret in ["# a comment", "  # a comment", " \t", "a\r"] {
      #expect(try reason { try $0.add(GroupSecret(text: secret)) }.contains("cannot be a line"))
    }
    write("a\nb\nc\nd\n")
    #expect(try reason { try $0.add(GroupSecret(text: "e")) }.contains("4 secrets already"))
    #expect(try reason { try $0.drop(keyID("a")) }.contains("is the first"))
    #expect(try reason { try $0.drop(keyID("e")) }.contains("no secret with key ID \(keyID("e"))"))
    for mode in [0o644, 0o660] {
      write("a\nb\n", mode: mode)
      #expect(try reason { try $0.promote() }.contains("mode 0\(String(mode, radix: 8))"))
    }
    #expect(throws: SecretError.self) { try KeyRingFile(path: "\(directory.path)/none").promote() }
  }

  @Test("a change keeps the file's mode", arguments: [0o600, 0o400, 0o700])
  func mode(mode: Int) throws {
    write("a\nb\n", mode: mode)
    try file.promote()
    #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == mode)
    #expect(try text == "b\na\n")
  }

  @Test(
    "a change keeps the owner and the group, and fails for another user's file",
    .enabled(if: getuid() == 0, "needs root"))
  func owner() throws {
    write("a\nb\n")
    #expect(chown(path, 0, 65534) == 0)
    try file.promote()
    #expect(try FileManager.default.attributesOfItem(atPath: path)[.groupOwnerAccountID] as? Int == 65534)
    #expect(chown(path, 65534, 65534) == 0)
    #expect(try reason { try $0.promote() }.contains("65534"))
  }

  @Test("a change keeps a symbolic link and changes its target")
  func link() throws {
    let target = directory.write("a\nb\n", to: "target")
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
    try file.promote()
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == target)
    #expect(try String(contentsOfFile: target, encoding: .utf8) == "b\na\n")
  }

  @Test("simultaneous changes are all kept, and readers never see a partial file")
  func concurrent() async throws {
    write("start\n")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<3 {
        group.addTask { [file] in try await onThread { try file.add(GroupSecret(text: "secret \(number)")) } }
      }
      try await group.waitForAll()
    }
    #expect(try text.split(separator: "\n").sorted() == ["secret 0", "secret 1", "secret 2", "start"])
    // Readers see the old file or the new one, and never a part.
    let (isOver, isReading) = (Flag(), Flag())
    defer { isOver.set() }
    async let reads = onThread { [path] in
      var count = 0
      while !isOver.isSet {
        guard try KeyRing(from: .file(path: FilePath(path))).secrets.count == 4 else { return -1 }
        count += 1
        isReading.set()
      }
      return count
    }
    try await eventually("the reader") { isReading.isSet }
    for _ in 0..<10 { try await onThread { [file] in try file.promote() } }
    isOver.set()
    #expect(try await reads > 0)
  }

  @Test("a new file has 256 random bits, is readable for its owner only, and overwrites no other")
  func create() throws {
    let path = "\(directory.path)/new/directory/ring"
    try KeyRingFile(path: path).create()
    let made = try String(contentsOfFile: path, encoding: .utf8)
    #expect(made.wholeMatch(of: /[0-9a-f]{64}\n/) != nil)
    #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
    let error = #expect(throws: SecretError.self) { try KeyRingFile(path: path).create() }
    #expect(error?.description.contains("not overwritten") == true)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == made)
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/new/directory") == ["ring"])
  }

  @Test("a secret that would end signing is refused, unless that is wanted; one that begins it is not")
  func endsSigning() throws {
    let signed = "signed:the secret of a signed group"
    for ring in ["\(signed)\n", "the old secret\n\(signed)\n"] {
      write(ring)
      let reason = try reason { try $0.add(GroupSecret(text: "another secret")) }
      #expect(reason.contains("any member could speak as another") && !reason.contains("another secret"))
      // One that the ring has changes nothing.
      if ring.hasPrefix("the old") { try file.add(GroupSecret(text: "the old secret")) }
      #expect(try text == ring)
      try file.add(GroupSecret(text: "signed:another secret of a signed group"))
      try file.add(GroupSecret(text: "another secret"), endsSigning: true)
      #expect(try text == ring + "signed:another secret of a signed group\nanother secret\n")
    }
    write("the old secret\n")
    try file.add(GroupSecret(text: signed))
    #expect(try text == "the old secret\n\(signed)\n")
  }
}
