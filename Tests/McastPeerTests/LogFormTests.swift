import Foundation
import Logging
import MulticastDTLS
import TestSupport
import Testing

@testable import mcast_peer

@Suite("The log on standard error")
struct LogFormTests {
  private let time = timespec(tv_sec: 1_769_903_999, tv_nsec: 1_000)

  @Test("in the journal a line has its priority, and neither time nor name")
  func journal() {
    let levels: [(Logger.Level, Int)] = [
      (.trace, 7), (.debug, 7), (.info, 6), (.notice, 5), (.warning, 4), (.error, 3), (.critical, 2),
    ]
    for (level, priority) in levels {
      #expect(LogForm.journal.line(level, "a\nb\u{1B}[2J", at: time) == "<\(priority)>a\\nb\\x1B[2J")
    }
  }

  @Test("in a file a line has the time, the level and the message")
  func file() {
    #expect(LogForm.file.line(.warning, "a b", at: time) == "2026-01-31T23:59:59.000001Z warning a b")
  }

  @Test("on a terminal a line has the time of day, and a colour or a word for what needs attention")
  func terminal() throws {
    let plain = LogForm.terminal(isColoured: false)
    for (level, word) in [(.info, ""), (.warning, "warning: "), (.error, "error: ")] as [(Logger.Level, String)] {
      let line = plain.line(level, "a", at: time)
      #expect(line.wholeMatch(of: try Regex("[0-2][0-9]:[0-5][0-9]:59 \(word)a")) != nil, "\(line)")
    }
    let coloured = LogForm.terminal(isColoured: true)
    #expect(coloured.line(.info, "a", at: time) == plain.line(.info, "a", at: time))
    for (level, colour) in [(.warning, 33), (.error, 31), (.debug, 2)] as [(Logger.Level, Int)] {
      #expect(
        coloured.line(level, "a", at: time) == "\u{1B}[\(colour)m\(plain.line(.info, "a", at: time))\u{1B}[0m")
    }
  }

  @Test("standard error is the journal only if JOURNAL_STREAM names it")
  func detection() throws {
    let directory = TemporaryDirectory()
    let file = directory.write("", to: "log")
    let descriptor = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(descriptor) }
    var status = stat()
    #expect(fstat(descriptor, &status) == 0)
    let own = "\(status.st_dev):\(status.st_ino)"
    #expect(LogForm(journalStream: own, descriptor: descriptor) == .journal)
    for other in [nil, "", "1:2", own + "0"] {
      #expect(LogForm(journalStream: other, descriptor: descriptor) == .file)
    }
  }

  @Test("a peer under the journal logs priorities, also of a failed start, and the totals before its end")
  func underJournal() async throws {
    let group = LoopbackGroup()
    // As the service manager sets it: the device and inode of standard error.
    let shell = "JOURNAL_STREAM=$(stat -L -c %d:%i /dev/stderr) exec \"$0\" \"$@\""
    func run(_ arguments: String...) async throws -> (code: Int32, lines: [Substring]) {
      let peer = try PeerProcess(
        arguments + ["-I", "lo", "-t", "0", "-g", "\(group.address)"], home: group.home, secret: Vectors.shared.secret,
        shell: shell)
      return (try await peer.exitCode(), try peer.errors.split(separator: "\n"))
    }
    let (code, lines) = try await run("0", "-c", "2", "-i", "0.01")
    #expect(code == 0 && lines.allSatisfy { $0.hasPrefix("<6>") }, "\(lines)")
    #expect(lines.last == "<6>2 sent, 0 received, 0 lost")
    let failed = try await run("0", "-k", "/nowhere/secret")
    #expect(failed.code == 78 && failed.lines.count == 1 && failed.lines[0].hasPrefix("<3>"), "\(failed)")
    let refused = try await run("9")
    #expect(
      refused.code == 64 && refused.lines.count == 1 && refused.lines[0].hasPrefix("<3>member ID 9"), "\(refused)")
  }

  @Test("the explanations of a first start are not repeated")
  func explanations() async throws {
    let group = LoopbackGroup()
    for number in 1...3 {
      let peer = try group.start(0, "-c", "1")
      #expect(try await peer.exitCode() == 0)
      let errors = try peer.errors
      #expect(errors.contains("members with the same key ID have the same secret") == (number == 1), "\(errors)")
      #expect(errors.contains("anyone on the network can read") == (number == 1), "\(errors)")
      #expect(errors.contains("AUTHENTICATED, NOT ENCRYPTED"))
    }
  }

  @Test("--quiet prints nothing on standard output, and the log stays")
  func quiet() async throws {
    let group = LoopbackGroup()
    let (quiet, other) = (try group.start(0, "-q", "-i", "0.01"), try group.start(1, "-i", "0.01"))
    try await other.waitUntilHeard(0)
    quiet.signal(SIGTERM)
    #expect(try await quiet.exitCode() == 0)
    #expect(try quiet.output == "" && quiet.errors.contains(" info member 0 of ") && quiet.errors.contains(" sent, "))
    let refused = try group.start(0, "-q", "-o", "json")
    #expect(try await refused.exitCode() == 64)
  }
}

@Suite("The lines of a start")
struct StartLinesTests {
  private func lines(
    suite: CipherSuite = .wdmNullSHA256, isSigned: Bool = false, keys: Int = 1,
    secret: String = "/home/me/.config/mcast-peer/secret",
    state: String? = "/home/me/.local/state/mcast-peer", interfaces: [String] = ["eth0"],
    peers: MemberSet = MemberSet(0...2),
    member: MemberID = 0, timeToLive: UInt8 = 1, epoch: Epoch? = .first, group: String = "239.255.0.1:12345"
  ) throws -> [String] {
    StartLines(
      member: member, group: try GroupAddress(group), suite: suite, isSigned: isSigned,
      keyIDs: try (0..<keys).map { try KeyID("9ab7-6d2\($0)") }, secret: secret, state: state, interfaces: interfaces,
      timeToLive: timeToLive, peers: peers, hasRoster: false, epoch: epoch, home: "/home/me"
    ).all
  }

  @Test("there are three, with the protection, the files and the place in the group")
  func usual() throws {
    #expect(
      try lines() == [
        "AUTHENTICATED, NOT ENCRYPTED (WDM-NULL-SHA256), key ID 9ab7-6d20",
        "secret ~/.config/mcast-peer/secret, state ~/.local/state/mcast-peer",
        "member 0 of 239.255.0.1:12345 on eth0, TTL 1, peers 0-2, epoch 1",
      ])
    #expect(try lines(state: nil, epoch: nil)[1] == "secret ~/.config/mcast-peer/secret, NO STATE")
    #expect(try lines(epoch: nil)[2].hasSuffix(", listening"))
    #expect(
      try lines(suite: .pskChaCha20Poly1305, keys: 2)[0].hasSuffix(
        "AND ENCRYPTED, key ID 9ab7-6d20, also 9ab7-6d21"))
    #expect(try lines(isSigned: true)[0] == "SIGNED, NOT ENCRYPTED (WDM-NULL-SHA256), key ID 9ab7-6d20")
    #expect(
      try lines(suite: .pskChaCha20Poly1305, isSigned: true)[0]
        == "SIGNED AND ENCRYPTED (PSK-CHACHA20-POLY1305), key ID 9ab7-6d20")
  }

  @Test("none is longer than 80 columns behind the time of day, whatever the values")
  func fits() throws {
    let long = String(repeating: "/a-rather-long-directory", count: 10) + "/end"
    let members = MemberSet((0...255).filter { $0.isMultiple(of: 2) }.map { MemberID(rawValue: $0) })
    var tooLong: [String] = []
    for suite in CipherSuite.allCases {
      for (keys, isSigned) in [(1, true), (2, false), (3, true), (4, false), (4, true)] {
        for (secret, state) in [(long, long), (long, nil), ("/s", long), (long, "/t")] {
          for interfaces in [["a-long-name0015"], ["a-long-name0015", "b", "c", "d-long-name0015"]] {
            for group in ["239.255.100.100:12345", "[ff12:1111:2222:3333:4444:5555:6666:7777]:12345"] {
              let all = try lines(
                suite: suite, isSigned: isSigned, keys: keys, secret: secret, state: state, interfaces: interfaces,
                peers: members,
                member: 255, timeToLive: 255, epoch: .last, group: group)
              #expect(all.count == 3 && all[0].contains("9ab7-6d20") && all[2].hasSuffix("epoch 65535"))
              tooLong += all.filter { $0.count > StartLines.columns }
            }
          }
        }
      }
    }
    #expect(tooLong == [])
  }
}
