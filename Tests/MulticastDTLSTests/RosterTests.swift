import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Rosters")
struct RosterTests {
  private let directory = TemporaryDirectory()

  private func read(_ text: String, mode: Int = 0o644) throws -> Roster {
    try Roster(readingFrom: FilePath(directory.write(text, to: "roster", mode: mode)))
  }

  private func fault(_ text: String, mode: Int = 0o644) -> RosterError? {
    do {
      _ = try read(text, mode: mode)
      return nil
    } catch { return error as? RosterError }
  }

  @Test("a line is a member and perhaps its name; the rest is comments", arguments: ["\n", "\r\n"])
  func lines(end: String) throws {
    let text = ["# the group", "", "0 gateway", " 7\trobot-7 # the new one", "255", "  ", "12 a.b_c-D"]
    for last in [end, ""] {
      let roster = try read(text.joined(separator: end) + last)
      #expect(roster.members == MemberSet([0, 7, 12, 255]) && roster.hasNames)
      #expect(roster.name(of: 0) == "gateway" && roster.name(of: 7) == "robot-7" && roster.name(of: 12) == "a.b_c-D")
      #expect(roster.name(of: 255) == nil && roster.name(of: 1) == nil)
    }
    #expect(try !read("1\n2").hasNames)
    let listening = try read("0 gateway\n1 listens\n2 display listens # in the hall\n3")
    #expect(listening.listeners == MemberSet(1...2) && listening.members == MemberSet(0...3))
    #expect(listening.name(of: 1) == nil && listening.name(of: 2) == "display")
  }

  @Test(
    "a bad line is an error with its number, and shows nothing that can be a secret",
    arguments: [
      ("0\n256 a", "line 2", "'256'"), ("x", "line 1", "'x'"), ("-1 a", "line 1", "'-1'"), ("+1", "line 1", "'+1'"),
      ("0 a\n\n0 b", "line 3", "member 0 is there twice"), ("0 a\n1 a", "line 2", "members 0 and 1 have the same name"),
      ("0 two hush-hush", "line 1", "more words"), ("0 a listens hush-hush", "line 1", "more words"),
      ("0 listens listens", "line 1", "the name of member 0"), ("0 hush/hush", "line 1", "the name of member 0"),
      ("hush-hush", "line 1", "its first word is not a member ID"), ("hush hush-hush", "line 1", "'hush'"),
      ("DTLS_MCAST_SECRET=hush-hush", "line 1", "its first word"), ("90000000000000000000", "line 1", "its first word"),
      ("\u{1B}[2", "line 1", "\\x1B"), ("0 " + String(repeating: "x", count: 64), "line 1", "at most 63"),
      ("", "the roster", "has no member"), ("# 1 a\n", "the roster", "has no member"), ("0\u{0}", "line 1", "\\x00"),
      (String(repeating: "# a comment\n", count: 12_000), "the roster", "more than 131072 bytes"),
    ])
  func bad(text: String, place: String, reason: String) throws {
    let error = try #require(fault(text))
    guard case .unusable(let description) = error else {
      Issue.record("\(error)")
      return
    }
    let shown = "\(error)"
    #expect(shown.contains(place) && shown.contains(reason) && !shown.contains("\u{1B}"), "\(description)")
    #expect(!shown.contains("hush-hush") && !shown.contains("hush/hush") && !shown.contains("0000"), "\(description)")
  }

  @Test("bytes that are no text, a directory, a pipe and a missing file are errors that say what to do")
  func files() throws {
    let file = directory.write("", to: "bytes")
    try Data([0x30, 0x20, 0xFF, 0x0A]).write(to: URL(filePath: file))
    #expect(throws: RosterError.unusable("the roster \(file) is not UTF-8: write it again as plain text")) {
      try Roster(readingFrom: FilePath(file))
    }
    let pipe = "\(directory.path)/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    for path in [pipe, directory.path] {
      #expect(throws: RosterError.self) { try Roster(readingFrom: FilePath(path)) }
    }
    do {
      _ = try Roster(readingFrom: FilePath("\(directory.path)/none"))
      Issue.record("there is none")
    } catch {
      guard case .missing(let reason) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(reason.contains("\(directory.path)/none") && reason.contains("7 robot-7"))
    }
  }

  @Test("everybody may read a roster, and nobody else may change or replace it")
  func modes() throws {
    for mode in [0o600, 0o644, 0o444] { #expect(try read("1", mode: mode).members == MemberSet([1])) }
    for mode in [0o664, 0o646, 0o666] {
      guard case .openToOthers(let reason) = fault("1", mode: mode) else {
        Issue.record("mode \(String(mode, radix: 8))")
        continue
      }
      #expect(reason.contains("chmod go-w"), "\(reason)")
    }
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: directory.path)
    defer { try? FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: directory.path) }
    guard case .openToOthers(let reason) = fault("1") else {
      Issue.record("a directory that all can write")
      return
    }
    #expect(reason.contains("mode 0777"), "\(reason)")
  }
}
