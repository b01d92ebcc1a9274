import Foundation
import Glibc
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("A running peer whose files become unusable")
struct UnusableFileTests {
  private let group = LoopbackGroup()
  private let files = TemporaryDirectory()

  @Test("status, the service manager and the metrics tell so until the files are usable again")
  func told() async throws {
    let socket = try NotifySocket()
    let (secret, metrics) = (files.write(Vectors.shared.secret, to: "secret"), "\(files.path)/peer.prom")
    files.write("0\n1\n", to: "roster")
    let peer = try PeerProcess(
      ["0", "-I", "lo", "-t", "0", "-g", "\(group.address)", "-k", secret, "--metrics-file", metrics], home: group.home,
      environment: ["NOTIFY_SOCKET": socket.path])
    try await socket.waitFor("STATUS=0 of 1 members heard, key ID 9ab7-6d2d")
    func check(_ texts: String...) async throws {
      let status = try await group.ask(0).output
      for text in texts { #expect(status.contains("\(text) on disk cannot be used: "), "\(status)") }
      #expect(status.components(separatedBy: "cannot be used").count == texts.count + 1, "\(status)")
    }
    try await check()

    files.write("0\n1\n0\n", to: "roster")
    try await socket.waitFor("STATUS=0 of 1 members heard, key ID 9ab7-6d2d; the roster on disk cannot be used")
    try await check("the roster")
    try FileManager.default.removeItem(atPath: secret)
    try await socket.waitFor(
      "STATUS=0 of 1 members heard, key ID 9ab7-6d2d; the roster and secret on disk cannot be used")
    try await check("the roster", "the secret")
    files.write("0\n1\n2\n", to: "roster")
    try await socket.waitFor("STATUS=0 of 2 members heard, key ID 9ab7-6d2d; the secret on disk cannot be used")
    try await check("the secret")
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)
    let text = try String(contentsOfFile: metrics, encoding: .utf8)
    for (file, value) in ["secret": 1, "roster": 0] {
      let labels = "{file=\"\(file)\",group=\"\(group.address)\",peer=\"0\"}"
      #expect(text.contains("multicast_dtls_file_unusable\(labels) \(value)\n"), "\(text)")
    }
  }

  @Test("the former content, put back, is in use again")
  func restored() async throws {
    let secret = files.write(Vectors.shared.secret, to: "secret")
    files.write("0\n1\n", to: "roster")
    let peer = try PeerProcess(
      ["0", "-I", "lo", "-t", "0", "-g", "\(group.address)", "-k", secret], home: group.home)
    try await peer.waitUntilReady(node: 0)
    for file in ["secret", "roster"] {
      let path = "\(files.path)/\(file)"
      try FileManager.default.moveItem(atPath: path, toPath: "\(path).former")
      try await peer.waitForError(file == "secret" ? "the key ring stays as it was" : "the members stay as they were")
      #expect(try await group.ask(0).output.contains("the \(file) on disk cannot be used: "))
      try FileManager.default.moveItem(atPath: "\(path).former", toPath: path)
      try await peer.waitForError("read again from \(path), unchanged")
    }
    #expect(try await !group.ask(0).output.contains("cannot be used"))
  }

  @Test("a file is read once its directory, which was open to others, is corrected; the fault is told once")
  func directory() async throws {
    let secret = files.write(Vectors.shared.secret, to: "secret")
    files.write("0\n1\n", to: "roster")
    let peer = try PeerProcess(
      ["0", "-I", "lo", "-t", "0", "-g", "\(group.address)", "-k", secret], home: group.home)
    try await peer.waitUntilReady(node: 0)
    chmod(files.path, 0o770)
    files.write("0\n1\n7\n", to: "roster")
    try await peer.waitForError("chmod g-w '\(files.path)'")
    // As long as several looks.
    try await Task.sleep(for: .seconds(8))
    #expect(try peer.errors.components(separatedBy: "the members stay as they were").count == 2)
    chmod(files.path, 0o700)
    try await peer.waitForError("member 7 added; members now 0-1,7")
  }

  @Test("a secret in the place of the roster is never shown")
  func misplaced() async throws {
    let text = "hush-hush-hush-hush-hush-hush-hush"
    let secret = files.write(text, to: "secret")
    files.write("0\n1\n", to: "roster")
    let arguments = ["-I", "lo", "-t", "0", "-g", "\(group.address)", "-k", secret]
    let peer = try PeerProcess(["0", "-o", "json"] + arguments, home: group.home)
    try await peer.waitForError("roster 0-1")
    files.write(text, to: "roster")
    try await peer.waitForError("the members stay as they were")
    let status = try await group.ask(0, "-o", "json")
    #expect(status.output.contains("its first word is not a member ID"))
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)
    let others = try [["status", "--wait", "0.1"], ["doctor", "--wait", "0.1"], ["1"]].map {
      try PeerProcess($0 + arguments, home: group.home)
    }
    var said = [try peer.output, try peer.errors, status.output, status.errors]
    for other in others {
      #expect(try await other.exitCode() != 0)
      said += [try other.output, try other.errors]
    }
    #expect(said.allSatisfy { !$0.contains("hush") }, "\(said)")
  }
}
