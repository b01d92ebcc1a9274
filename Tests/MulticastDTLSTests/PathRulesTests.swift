import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Rules for the directories above a file")
struct PathRulesTests {
  private let top = TemporaryDirectory()

  private func make(_ path: String, mode: Int = 0o700) -> String {
    #expect(throws: Never.self) {
      try FileManager.default.createDirectory(atPath: "\(top.path)/\(path)", withIntermediateDirectories: true)
    }
    setMode(mode, path)
    return "\(top.path)/\(path)"
  }

  private func setMode(_ mode: Int, _ path: String) {
    #expect(chmod("\(top.path)/\(path)", mode_t(mode)) == 0)
  }

  private func link(_ path: String, to target: String) {
    #expect(symlink(target, "\(top.path)/\(path)") == 0)
  }

  private func violations(_ path: String, users: TrustedUsers = .current, isComplete: Bool = true) -> [String] {
    PathRules("the file", users: users).violations(onWayTo: path, isComplete: isComplete).map(\.description)
  }

  @Test(
    "a writable directory at any level is a violation, which names the command that repairs it",
    arguments: ["a", "a/b", "a/b/c"])
  func parents(open: String) {
    let path = make("a/b/c") + "/file"
    #expect(violations(path, isComplete: false) == [])
    setMode(0o777, open)
    let everybody = violations(path, isComplete: false)
    #expect(
      everybody.count == 1 && everybody[0].contains("everybody can write its directory \(top.path)/\(open) (mode 0777)")
    )
    #expect(everybody[0].contains("chmod go-w '\(top.path)/\(open)'"), "\(everybody)")
    setMode(0o2775, open)
    let group = violations(path, isComplete: false)
    #expect(group.count == 1 && group[0].contains("its group (gid ") && group[0].contains("chmod g-w"), "\(group)")
    // In a sticky directory, only the owner of an entry can replace it.
    setMode(0o1777, open)
    #expect(violations(path, isComplete: false) == [])
  }

  @Test(
    "a directory of another user is a violation at any level", .enabled(if: getuid() == 0, "needs root to give it away")
  )
  func owners() {
    let path = make("a/b/c") + "/file"
    for place in ["a", "a/b", "a/b/c"] {
      #expect(chown("\(top.path)/\(place)", 4242, 4242) == 0)
      let found = violations(path, isComplete: false)
      #expect(
        found.count == 1 && found[0].contains("\(top.path)/\(place) belongs to another user (uid 4242)"), "\(found)")
      // For that user, the directory is their own.
      #expect(violations(path, users: TrustedUsers(own: 4242), isComplete: false) == [])
      #expect(chown("\(top.path)/\(place)", 0, 0) == 0)
    }
  }

  @Test("symbolic links are followed, and every directory on the way is checked")
  func links() {
    let target = make("real/deep") + "/file"
    top.write("content", to: "real/deep/file")
    _ = (make("one"), make("two"), make("three"))
    link("one/link", to: "../two/link")
    link("two/link", to: "\(top.path)/three/link/file")
    link("three/link", to: "../real/./deep")
    let path = "\(top.path)/one/link"
    #expect(violations(path) == [])
    for place in ["one", "two", "three", "real", "real/deep"] {
      setMode(0o777, place)
      let found = violations(path)
      #expect(found.count == 1 && found[0].contains("directory \(top.path)/\(place) (mode 0777)"), "\(found)")
      setMode(0o700, place)
    }
    #expect(violations(target) == [])
  }

  @Test(
    "another user's link in a sticky directory is a violation",
    .enabled(if: getuid() == 0, "needs root to give it away"))
  func foreignLink() {
    top.write("content", to: "file")
    _ = make("shared", mode: 0o1777)
    link("shared/link", to: "\(top.path)/file")
    let path = "\(top.path)/shared/link"
    #expect(violations(path) == [])
    #expect(lchown(path, 4242, 4242) == 0)
    let found = violations(path)
    #expect(
      found.count == 1 && found[0].contains("symbolic link \(path) belongs to another user (uid 4242)"), "\(found)")
    // If others cannot write the directory, the owner of the link cannot replace it.
    setMode(0o755, "shared")
    #expect(violations(path) == [])
  }

  @Test("a loop of links and a missing path are violations")
  func loops() {
    link("a", to: "b")
    link("b", to: "a")
    #expect(violations("\(top.path)/a").first?.contains("Too many levels of symbolic links") == true)
    #expect(violations("\(top.path)/none/file").first?.contains("cannot look at \(top.path)/none") == true)
    #expect(violations("\(top.path)/none/file", isComplete: false) == [])
  }

  @Test("relative paths and dots are checked from the root on")
  func relative() {
    _ = make("a/b")
    link("here", to: "a/b/../b/.")
    setMode(0o777, "a")
    for path in ["\(top.path)/./a//b/", "\(top.path)/a/b/../../a/b", "\(top.path)/here"] {
      #expect(violations(path).count == 1, "\(path)")
    }
    // The working directory of the tests may have violations, so only the equality is checked.
    #expect(violations("") == violations("."))
  }

  @Test("a directory of the overflow user is trusted only in a user namespace that does not map this user")
  func unmapped() {
    var status = stat()
    status.st_uid = 65534
    let alone = TrustedUsers(own: 0, map: "         0       1000          1\n")
    let container = TrustedUsers(own: 0, map: "0 1000 1\n1 100000 65536\n")
    #expect(alone.include(ownerOfDirectory: status) && !alone.include(ownerOf: status))
    #expect(!container.include(ownerOfDirectory: status) && !TrustedUsers(own: 0).include(ownerOfDirectory: status))
  }
}
