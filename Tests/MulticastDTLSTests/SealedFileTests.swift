import SystemPackage
import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Files that detect copies of themselves")
struct SealedFileTests {
  private let scratch = TemporaryDirectory()
  private var path: String { "\(scratch.path)/file" }
  private let lines = ["first", "second"]

  private func isCopy() throws -> Bool { try #require(try SealedFile(path: path).read()).isCopy }

  @Test("a written file is read and is no copy, also after a move or a link")
  func original() throws {
    #expect(try SealedFile(path: path).read() == nil)
    try SealedFile(path: path).write(lines)
    #expect(try SealedFile(path: path).read()?.lines == ["first", "second"])
    #expect(try !isCopy())
    for line in [
      "mv file elsewhere && mv elsewhere file", "mkdir d && mv file d && mv d e && mv e/file .",
      "ln file other && rm file && mv other file",
    ] {
      #expect(system("cd '\(scratch.path)' && \(line)") == 0)
      #expect(try !isCopy(), "\(line)")
    }
  }

  @Test("every kind of copy is detected, and a rewritten copy is no longer one")
  func copies() throws {
    let ways = [
      "cp -a file copy", "cat file >copy", "tar c file >a && mkdir t && tar xC t <a && mv t/file copy",
      "cp -a file copy && cp -a copy again && mv again copy", "cp --reflink=auto file copy",
    ]
    for way in ways {
      // The copy follows at once, although the clock of births ticks only every few milliseconds.
      try SealedFile(path: path).write(lines)
      #expect(system("cd '\(scratch.path)' && rm -rf t && \(way) && rm file && mv copy file") == 0)
      #expect(try isCopy(), "\(way)")
      #expect(try SealedFile(path: path).read()?.lines == ["first", "second"])
      try SealedFile(path: path).write(lines)
      #expect(try !isCopy())
    }
  }

  @Test(
    "a restored backup of hard links is a copy if the file was rewritten",
    arguments: ["mv", "cp -al"])
  func links(way: String) throws {
    try SealedFile(path: path).write(lines)
    #expect(system("cd '\(scratch.path)' && cp -al file backup") == 0)
    #expect(try !isCopy())
    try SealedFile(path: path).write(["later"])
    #expect(try !isCopy())
    #expect(system("cd '\(scratch.path)' && rm file && \(way) backup file") == 0)
    #expect(try isCopy())
    #expect(try SealedFile(path: path).read()?.lines == ["first", "second"])
  }

  @Test("a file written as a copy stays a copy")
  func staysCopy() throws {
    for _ in 0..<2 { try SealedFile(path: path).write(lines, isCopy: true) }
    #expect(try isCopy())
  }

  @Test("a file without a birth is a copy, and a file with an invalid birth is corrupt")
  func withoutBirth() throws {
    scratch.write(SealedText(lines: lines).text, to: "file")
    #expect(try isCopy())
    for birth in [
      "birth 1", "birth 1.5", "birth x.000000000", "birth 1.0000000000", "birth ", "birth 1.000000000 ",
      "birth 1.000000000 x", "birth 1.000000000 1 1",
    ] {
      scratch.write(SealedText(lines: lines + [birth]).text, to: "file")
      #expect(throws: SealedText.Corrupt.self) { try SealedFile(path: path).read() }
    }
  }

  @Test("a written birth reads back the same")
  func birth() throws {
    for birth in [FileBirth(seconds: 0, nanoseconds: 1, inode: 7), FileBirth(seconds: -1, nanoseconds: 999_999_999)] {
      #expect(FileBirth("\(birth)") == birth)
    }
    #expect("\(FileBirth(seconds: 7, nanoseconds: 1))" == "7.000000001")
    #expect("\(FileBirth(seconds: 7, nanoseconds: 1, inode: 12))" == "7.000000001 12")
  }

  @Test("a copy made in the same tick is detected by its inode, and a birth without an inode matches any")
  func sameTick() {
    let file = FileBirth(seconds: 7, nanoseconds: 1, inode: 12)
    let former = FileBirth(seconds: 7, nanoseconds: 1)
    #expect(file.isBirth(of: file) && former.isBirth(of: file))
    #expect(!FileBirth(seconds: 7, nanoseconds: 1, inode: 13).isBirth(of: file))
    for birth in [file, former] {
      #expect(!birth.isBirth(of: FileBirth(seconds: 7, nanoseconds: 2, inode: 12)) && !birth.isBirth(of: nil))
    }
    #expect(!FileBirth.none.isBirth(of: file))
  }
}

@Suite("The mark of a secret")
struct SecretMarkTests {
  private let scratch = TemporaryDirectory()
  private let keyID = KeyID([0x9A, 0xB7, 0x6D, 0x2D])
  private var directory: StateDirectory { StateDirectory(path: "\(scratch.path)/state") }
  private var file: MarkFile { MarkFile(in: directory, keyID: keyID) }

  @Test("a written mark reads back the same, and any other text is corrupt")
  func roundTrip() throws {
    for mark in [SecretMark(), SecretMark(isMadeHere: true, members: [0, 7, 255]), SecretMark(members: [3])] {
      #expect(try SecretMark(mark.lines(for: keyID).map { Substring($0) }, for: keyID) == mark)
    }
    let good = SecretMark(isMadeHere: true, members: [7]).lines(for: keyID)
    for (index, line) in [
      (0, "mcast-peer state 2"), (1, "secret 9ab7-6d2e"), (2, "made there"), (3, "node 256"), (3, "node"), (3, ""),
    ] {
      var lines = good
      lines[index] = line
      #expect(throws: SealedText.Corrupt.self) { try SecretMark(lines.map { Substring($0) }, for: keyID) }
    }
  }

  @Test("members that start at the same time are all in the mark")
  func atOnce() async throws {
    let file = file
    try file.make()
    await withTaskGroup(of: Void.self) { group in
      for node in 0..<40 { group.addTask { try? file.add(MemberID(rawValue: UInt8(node))) } }
    }
    #expect(file.read() == SecretMark(isMadeHere: true, members: Set((0..<40).map { MemberID(rawValue: $0) })))
  }

  @Test("a copied mark is not made here, and still lists its members")
  func copy() async throws {
    try file.make()
    try file.add(7)
    try await Task.sleep(for: .milliseconds(50))
    #expect(system("cd '\(scratch.path)' && cp -a state copy && rm -r state && mv copy state") == 0)
    #expect(file.read() == SecretMark(members: [7]))
    try file.add(8)
    #expect(file.read() == SecretMark(members: [7, 8]) && !directory.hasMark(of: keyID))
  }

  @Test("a new secret has a mark, and a failed creation leaves none")
  func withSecret() throws {
    let path = "\(scratch.path)/secret"
    try KeyRingFile(path: path).create(markingIn: directory)
    let made = try KeyRing(from: .file(path: FilePath(path))).secrets[0].keyID()
    #expect(directory.hasMark(of: made))
    #expect(throws: SecretError.self) { try KeyRingFile(path: path).create(markingIn: directory) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["\(made).nodes"])
  }
}

@Suite("Volumes that do not keep the state")
struct StateVolumeTests {
  @Test("tmpfs, ramfs and overlays cause a remark, and disks do not")
  func kinds() throws {
    // Source: linux/magic.h.
    for (type, word) in [(0x0102_1994, "tmpfs"), (0x8584_58F6, "ramfs"), (0x794C_7630, "overlay")] as [(Int64, String)]
    {
      #expect(StateDirectory.remark(onType: type)?.contains(word) == true)
    }
    for type in [0xEF53, 0x5846_5342, 0x9123_683E, -2] as [Int64] {
      #expect(StateDirectory.remark(onType: type) == nil)
    }
    // A directory on the kernel's tmpfs that does not exist yet.
    #expect(StateDirectory(path: "/dev/shm/not/made/yet").remark?.contains("tmpfs") == true)
  }
}

@Suite("The schedule for saving positions")
struct SaveScheduleTests {
  @Test("a new epoch is saved within a second, and other positions once in the interval")
  func schedule() {
    var schedule = SaveSchedule(interval: .seconds(30))
    let start = BootInstant.now
    func isDue(_ isNew: Bool, after seconds: Double) -> Bool {
      schedule.isDue(isNew: isNew, now: start + .seconds(seconds))
    }
    #expect(isDue(false, after: 0))
    #expect(!isDue(true, after: 0.5) && isDue(true, after: 1))
    #expect(!isDue(false, after: 2) && !isDue(false, after: 30.9) && isDue(false, after: 31))
    #expect(!isDue(false, after: 60.5) && isDue(true, after: 60.5) && !isDue(true, after: 61))
  }

  @Test("a day of ten messages a second is saved 2,880 times")
  func day() {
    var schedule = SaveSchedule(interval: .seconds(30))
    let start = BootInstant.now
    let count = (0..<864_000).count { schedule.isDue(isNew: false, now: start + .milliseconds($0 * 100)) }
    #expect(count == 2_880)
  }
}
