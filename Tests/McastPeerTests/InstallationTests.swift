import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS
@testable import mcast_peer

/// The files that `make unit` has generated.
private let generated = Project.root.appending(path: ".build/generated").path

@Suite(
  "Files installed with the command",
  .enabled(if: FileManager.default.fileExists(atPath: generated), "make unit generates it"))
struct InstallationTests {
  /// A command in the parser's dump, with the properties needed here.
  private struct Command: Decodable {
    struct Argument: Decodable {
      struct Name: Decodable {
        let kind: String
        let name: String
      }
      let names: [Name]?
      let shouldDisplay: Bool
    }
    let commandName: String
    let arguments: [Argument]?
    let subcommands: [Command]?

    /// This command and all below it.
    var all: [Command] { [self] + (subcommands ?? []).filter { $0.commandName != "help" }.flatMap(\.all) }
    var options: [String] {
      (arguments ?? []).filter(\.shouldDisplay).flatMap { $0.names ?? [] }
        .map { ($0.kind == "long" ? "--" : "-") + $0.name }
    }
  }

  private struct Dump: Decodable {
    let command: Command
  }

  private func root() throws -> Command {
    try JSONDecoder().decode(Dump.self, from: Data(contentsOf: URL(filePath: "\(generated)/dump.json"))).command
  }

  /// Runs a shell line to its end.
  private func shell(_ line: String) async throws -> (code: Int32, output: String, errors: String) {
    let process = try PeerProcess([], environment: ["MANWIDTH": "100", "LC_ALL": "C.UTF-8"], shell: line)
    return (try await process.exitCode(), try process.output, try process.errors)
  }

  @Test("the dump has all commands, and the manual page has every command and option")
  func manual() async throws {
    let root = try root()
    #expect(
      root.all.map(\.commandName) == [
        "mcast-peer", "peer", "watch", "status", "doctor", "secret", "new", "id", "rotate", "add", "promote", "drop",
        "identity", "new", "show", "roster", "id",
      ])
    let page = try await shell("man -l '\(generated)/mcast-peer.1' | col -b")
    #expect(page.code == 0)
    for section in [
      "NAME", "SYNOPSIS", "OPTIONS", "COMMANDS", "EXIT STATUS", "SIGNALS", "ENVIRONMENT", "FILES", "EXAMPLES",
    ] {
      #expect(page.output.contains("\n\(section)\n") || page.output.hasPrefix(section), "\(section)")
    }
    for group in ["Group and network", "Secret and state", "What to send", "Output", "When to stop", "Other"] {
      #expect(page.output.contains("\n   \(group)\n"), "\(group)")
    }
    // The summary in NAME is not repeated.
    #expect(page.output.components(separatedBy: "Exchange messages in a multicast group").count == 2)
    for command in root.all {
      #expect(page.output.contains(command.commandName))
      for option in command.options { #expect(page.output.contains(option), "\(command.commandName) \(option)") }
    }
    for (option, _) in Environment.all {
      #expect(page.output.contains("(\(Environment.variable(option)))"), "\(option)")
    }
    // Every option in its own text belongs to some command.
    let known = Set(root.all.flatMap(\.options))
    let own = page.output.split(separator: "\n").filter { !$0.contains("systemctl") }.joined(separator: "\n")
    for match in own.matches(of: /(?:^|[\s(,])(--[a-z][-a-z]*)/) {
      #expect(known.contains(String(match.output.1)), "\(match.output.1)")
    }
    let warnings = try await shell("man --warnings -E UTF-8 -l -Tutf8 -Z '\(generated)/mcast-peer.1' >/dev/null")
    #expect(warnings.errors == "")
  }

  @Test("systemd accepts the unit, and rates its exposure as low")
  func unit() async throws {
    let files = TemporaryDirectory()
    // The verifier needs an existing command.
    let unit = try String(contentsOfFile: "\(generated)/mcast-peer@.service", encoding: .utf8)
      .replacing(/ExecStart=[^ ]*/, with: "ExecStart=\(PeerProcess.executable)")
    let path = files.write(unit, to: "mcast-peer@7.service")
    let verified = try await shell("systemd-analyze verify --man=no '\(path)'")
    #expect(verified.code == 0 && !verified.errors.contains("mcast-peer"), "\(verified.errors)")
    let rated = try await shell("systemd-analyze security --offline=true --threshold=20 --no-pager '\(path)'")
    #expect(rated.code == 0, "\(rated.output)")
  }

  @Test(
    "every shell completes commands, options and their values, before and after the member ID",
    arguments: Shell.allCases)
  func completions(shell: Shell) async throws {
    try #require(shell.isInstalled, "scripts/setup test installs it")
    let files = TemporaryDirectory()
    _ = files.write("", to: "a-file")
    try FileManager.default.createDirectory(atPath: "\(files.path)/a-directory", withIntermediateDirectories: false)
    let expected: [(line: String, offers: Set<String>)] = [
      ("w", ["watch"]), ("s", ["secret", "status"]),
      ("", ["watch", "status", "doctor", "secret", "identity", "roster"]), ("--encrypt d", ["doctor"]),
      ("--stat", ["--stats", "--state-dir", "--state-interval"]),
      ("0 --stat", ["--stats", "--state-dir", "--state-interval"]),
      ("-t 0 --stat", ["--stats", "--state-dir", "--state-interval"]),
      ("0 --encrypt --st", ["--stats", "--state-dir", "--state-interval", "--stdin"]),
      ("0 w", []), ("watch w", []), ("-m watch --stat", ["--stats", "--state-dir", "--state-interval"]),
      ("doctor --w", ["--wait"]), ("doctor --stat", ["--state-dir", "--state-interval"]),
      ("doctor -t 1 --stat", ["--state-dir", "--state-interval"]),
      ("watch 2 --int", ["--interval", "--interface"]),
      ("secret ", ["new", "id", "rotate"]), ("secret rotate p", ["promote"]),
      ("secret rotate drop --secret", ["--secret-file"]), ("identity ", ["new", "show"]), ("roster ", ["id"]),
      ("identity new 7 --identity \(files.path)/a", ["a-file", "a-directory"]),
      ("-o ", ["text", "json", "raw"]), ("doctor -o ", ["text", "json"]), ("status -o ", ["text", "json"]),
      ("status --o", ["--of", "--output"]), ("0 --engine w", ["wolfssl"]),
      ("-k \(files.path)/a", ["a-file", "a-directory"]), ("secret id -k \(files.path)/a", ["a-file", "a-directory"]),
      ("secret new --write \(files.path)/a-f", ["a-file"]), ("--state-dir \(files.path)/a", ["a-directory"]),
      ("-I l", ["lo"]), ("0 -I lo -I l", ["lo"]),
    ]
    let offers = try await shell.offers(
      after: expected.map { "mcast-peer \($0.line)" }, by: "\(generated)/mcast-peer.\(shell)")
    try #require(offers.count == expected.count, "\(offers)")
    for (index, (line, own)) in expected.enumerated() {
      // The last part of a path, as some shells offer it.
      let word = line.replacing(/^.*[ \/]/, with: "")
      let names = Set(
        offers[index].map { $0.replacing(/\/$/, with: "").replacing(/^.*\//, with: "") }
          // fish 4 also offers words that contain the letters.
          .filter { shell != .fish || $0.hasPrefix(word) })
      // Other interfaces may begin with the same letter.
      #expect(line.hasSuffix("-I l") ? names.isSuperset(of: own) : names == own, "mcast-peer \(line)")
    }
  }
  @Test(
    "every shell offers the key IDs that promote and drop can take, of the ring that the line names",
    arguments: Shell.allCases)
  func keyIDs(shell: Shell) async throws {
    try #require(shell.isInstalled, "scripts/setup test installs it")
    let (home, commands) = (TemporaryDirectory(), TemporaryDirectory())
    try FileManager.default.createSymbolicLink(
      atPath: "\(commands.path)/mcast-peer", withDestinationPath: PeerProcess.executable)
    try FileManager.default.createDirectory(
      atPath: "\(home.path)/.config/mcast-peer", withIntermediateDirectories: true)
    let secrets = ["the first secret of the ring", "the second secret of the ring", "the third secret of the ring"]
    home.write(secrets.map { "\($0)\n" }.joined(), to: ".config/mcast-peer/secret")
    let other = home.write(secrets.suffix(2).map { "\($0)\n" }.joined(), to: "other")
    let keyIDs = try secrets.map { try GroupSecret(text: $0).keyID().description }
    // bash takes the equals sign for a word.
    let equals = shell == .bash ? " = " : "="
    let expected: [(line: String, offers: Set<String>)] = [
      ("rotate promote ", [keyIDs[1], keyIDs[2]]), ("rotate drop ", [keyIDs[1], keyIDs[2]]),
      ("rotate drop \(keyIDs[1].prefix(7))", [keyIDs[1]]), ("rotate promote \(keyIDs[0].prefix(7))", []),
      ("rotate promote \(keyIDs[1]) \(keyIDs[2].prefix(7))", []), ("rotate promote -k \(other) ", [keyIDs[2]]),
      ("rotate drop --secret-file\(equals)\(other) ", [keyIDs[2]]), ("rotate drop -k ~/other ", [keyIDs[2]]),
      ("rotate promote -k \(home.path)/none ", []), ("rotate promote -k \(home.path) ", []),
    ]
    let offers = try await shell.offers(
      after: expected.map { "mcast-peer secret \($0.line)" }, by: "\(generated)/mcast-peer.\(shell)", home: home,
      path: commands.path)
    try #require(offers.count == expected.count, "\(offers)")
    for (index, (line, own)) in expected.enumerated() { #expect(Set(offers[index]) == own, "\(line)") }
  }
}
