import Foundation
import Synchronization
import TestSupport
import Testing

@testable import mcast_peer

@Suite("The metrics file")
struct MetricsFileTests {
  private let directory = TemporaryDirectory()
  private var path: String { "\(directory.path)/peer.prom" }
  private let log = RecordedLog()

  /// The start of every metrics file.
  private static let title = "# HELP multicast_dtls_"

  private func makeFile(_ text: @escaping @Sendable () -> String = { "\(title)\n" }) throws -> MetricsFile {
    try MetricsFile(path: path, logger: log.logger, text: text)
  }

  private var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() }
  }

  @Test("a reader never sees half of the file while it is replaced")
  func whole() async throws {
    // So long that a file written in place would be seen half.
    let texts = [1, 9000].map { Self.title + String(repeating: "\na line of the file", count: $0) + "\nend\n" }
    let number = Atomic(0)
    let file = try makeFile { texts[number.wrappingAdd(1, ordering: .relaxed).newValue % 2] }
    try file.write()
    let hasEnded = Flag()
    defer { hasEnded.set() }
    let seen = Mutex<Set<Data>>([])
    Thread.detachNewThread { [path] in
      while !hasEnded.isSet {
        let bytes = FileManager.default.contents(atPath: path) ?? Data()
        seen.withLock { _ = $0.insert(bytes) }
      }
    }
    for _ in 0..<200 {
      try file.write()
      await Task.yield()
    }
    try await eventually("both texts to be read") {
      try file.write()
      return seen.withLock { $0.count > 1 }
    }
    #expect(seen.withLock { $0 } == Set(texts.map { Data($0.utf8) }))
    #expect(try names == ["peer.prom"])
  }

  @Test("a write that fails is logged once, the file stays as it was, and the next success is logged")
  func failing() throws {
    let file = try makeFile()
    try file.start()
    let away = directory.path + ".away"
    try FileManager.default.moveItem(atPath: directory.path, toPath: away)
    for _ in 0..<5 { file.writeAndReport() }
    #expect(log.lines.count == 1)
    #expect(log.lines.first?.contains("cannot write the metrics file \(path): No such file or directory") == true)
    #expect(try String(contentsOfFile: "\(away)/peer.prom", encoding: .utf8) == "\(Self.title)\n")
    try FileManager.default.moveItem(atPath: away, toPath: directory.path)
    file.writeAndReport()
    #expect(log.lines.count == 2 && log.lines.last?.contains("is written again") == true, "\(log.lines)")
    #expect(try names == ["peer.prom"])
  }

  @Test("a device or a link that takes the place of the file is not replaced")
  func replaced() throws {
    let file = try makeFile()
    try file.start()
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/null")
    file.writeAndReport()
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == "/dev/null")
    #expect(log.lines.count == 1 && log.lines[0].contains("symbolic link"), "\(log.lines)")
    #expect(try names == ["peer.prom"])
  }

  @Test("two peers with one file are warned")
  func shared() throws {
    let (first, second) = (try makeFile(), try makeFile())
    try first.start()
    first.writeAndReport()
    #expect(log.lines == [])
    try second.start()
    first.writeAndReport()
    #expect(log.lines.count == 1 && log.lines[0].contains("give each peer a file of its own"), "\(log.lines)")
  }

  @Test("the end waits for a blocked disk a second, and not longer")
  func blocked() async throws {
    let (isBlocked, gate) = (Flag(), DispatchSemaphore(value: 0))
    let file = try makeFile {
      if isBlocked.isSet { gate.wait() }
      return "\(Self.title)\n"
    }
    try file.start()
    isBlocked.set()
    let finishing = Task { await file.finish() }
    // It would wait for good, and the test with it.
    await finishing.value
    gate.signal()
    try await eventually("the last write") { try names == ["peer.prom"] }
  }

  struct Case: CustomTestStringConvertible {
    let path: String
    let hint: String
    var testDescription: String { path }
  }

  @Test(
    "a path that cannot have the file is an error at the start that says what to do, and changes nothing",
    arguments: [
      Case(path: "nowhere/peer.prom", hint: "there is no directory nowhere; make it"),
      Case(path: "secret/peer.prom", hint: "there is no directory secret; make it"),
      Case(path: ".", hint: "no regular file, but"),
      Case(path: "fifo", hint: "no regular file, but"),
      Case(path: "link", hint: "no regular file, but"),
      Case(path: "secret", hint: "something other than metrics, which would be lost"),
      Case(path: "/proc/peer.prom", hint: "its directory must"),
    ])
  func unusable(input: Case) async throws {
    let home = TemporaryDirectory()
    home.write("the secret of the group", to: "secret")
    try FileManager.default.createSymbolicLink(atPath: "\(home.path)/link", withDestinationPath: "target.prom")
    #expect(mkfifo("\(home.path)/fifo", 0o600) == 0)
    let before = try FileManager.default.contentsOfDirectory(atPath: home.path).sorted()
    let peer = try PeerProcess(
      ["0", "-I", "lo", "-t", "0", "-g", "\(makeTestGroup())", "-k", "secret", "--metrics-file", input.path],
      home: home, shell: "cd; exec \"$0\" \"$@\"")
    #expect(try await peer.exitCode() == 73)
    let errors = try peer.errors.split(separator: "\n")
    let line = errors.last ?? ""
    #expect(line.contains(" error cannot write the metrics file \(input.path): "), "\(errors)")
    #expect(line.contains(input.hint) && line.hasSuffix("(see --metrics-file)"), "\(errors)")
    let after = try FileManager.default.contentsOfDirectory(atPath: home.path).sorted()
    #expect(after.filter { $0 != ".local" } == before)
    #expect(try String(contentsOfFile: "\(home.path)/secret", encoding: .utf8) == "the secret of the group")
  }

  @Test("an empty path is a usage error")
  func empty() async throws {
    let peer = try PeerProcess(["0", "-I", "lo", "-t", "0", "--metrics-file", ""])
    #expect(try await peer.exitCode() == 64)
    #expect(try peer.errors.contains(" error --metrics-file is empty: name a file"))
  }

  @Test("a file of metrics, or an empty one, is replaced", arguments: ["", "\(title)x Help.\n"])
  func former(text: String) throws {
    directory.write(text, to: "peer.prom")
    try makeFile { "new" }.write()
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
  }
}
