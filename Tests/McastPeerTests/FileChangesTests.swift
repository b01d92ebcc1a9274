import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import mcast_peer

@Suite("Noticing changed files")
struct FileChangesTests {
  private let directory = TemporaryDirectory()
  private var path: String { "\(directory.path)/secret" }

  private func shell(_ line: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-ec", "cd \(directory.path); \(line)"]
    try process.run()
    #expect(process.waitForExitStatus() == 0)
  }

  @Test(
    "every way of changing a file is noticed once, at the second look that sees the same",
    arguments: [
      // By an editor or a script: a rename, a new content in place, a removal and a new file.
      "echo b >new; mv new secret", "echo b >>secret", "rm secret; echo b >secret", "rm secret", "chmod 640 secret",
      "echo b >new; ln -f new secret",
      // As Kubernetes swaps a volume: the link to the directory of the present version.
      "mkdir 2; echo b >2/secret; ln -s 2 ..data_tmp; mv -T ..data_tmp ..data",
      // Of the target of a link, in its own directory.
      "echo b >1/new; mv 1/new 1/secret",
    ])
  func ways(change: String) throws {
    if change.contains("..data") || change.contains("1/") {
      try shell("mkdir 1; echo a >1/secret; ln -s 1 ..data; ln -s ..data/secret secret")
    } else {
      try shell("echo a >secret")
    }
    var changes = FileChanges(of: FilePath(path))
    let before = (0..<3).map { _ in changes.look() }
    try shell(change)
    let after = (0..<5).map { _ in changes.look() }
    #expect(before == [false, false, false] && after == [false, true, false, false, false])
  }

  @Test("a file that appears is a change, and one that keeps changing is not interrupted")
  func appears() throws {
    var changes = FileChanges(of: FilePath(path))
    var seen = [changes.look(), changes.look()]
    for number in 1...5 {
      try shell("echo \(number) >>secret")
      seen.append(changes.look())
    }
    #expect(!seen.contains(true))
    let settled = [changes.look(), changes.look()]
    #expect(settled == [true, false])
  }

  @Test("a change that was acted on by other means is none, and the next one is")
  func remembered() throws {
    try shell("echo a >secret")
    var changes = FileChanges(of: FilePath(path))
    try shell("echo b >secret")
    changes.remember()
    let first = [changes.look(), changes.look()]
    try shell("echo cc >secret")
    let second = [changes.look(), changes.look()]
    #expect(first == [false, false] && second == [false, true])
  }
}
