import Foundation
import TestSupport
import Testing

@testable import mcast_peer

/// What `make unit` has generated.
private let generated = Project.root.appending(path: ".build/generated").path

@Suite(
  "What is installed beside the command",
  .enabled(if: FileManager.default.fileExists(atPath: generated), "make unit generates it"))
struct InstallationTests {
  /// A command of the tree that the parser dumps, as far as it matters here.
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

    /// This one and all below it.
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

  /// Runs a line of shell to its end.
  private func shell(_ line: String) async throws -> (code: Int32, output: String, errors: String) {
    let process = try PeerProcess([], environment: ["MANWIDTH": "100", "LC_ALL": "C.UTF-8"], shell: line)
    return (try await process.exitCode(), try process.output, try process.errors)
  }

  @Test("the dump names all commands, and the manual page names each of them and each of their options")
  func manual() async throws {
    let root = try root()
    #expect(
      root.all.map(\.commandName) == [
        "mcast-peer", "watch", "doctor", "secret", "new", "id", "rotate", "add", "promote", "drop",
      ])
    let page = try await shell("man -l '\(generated)/mcast-peer.1' | col -b")
    #expect(page.code == 0)
    for section in [
      "NAME", "SYNOPSIS", "OPTIONS", "COMMANDS", "EXIT STATUS", "SIGNALS", "ENVIRONMENT", "FILES", "EXAMPLES",
    ] {
      #expect(page.output.contains("\n\(section)\n") || page.output.hasPrefix(section), "\(section)")
    }
    for command in root.all {
      #expect(page.output.contains(command.commandName))
      for option in command.options { #expect(page.output.contains(option), "\(command.commandName) \(option)") }
    }
    for (option, _) in SettingVariables.all {
      #expect(page.output.contains("(\(SettingVariables.variable(option)))"), "\(option)")
    }
    // What it says of options in its own words is true of some command.
    let known = Set(root.all.flatMap(\.options))
    let own = page.output.split(separator: "\n").filter { !$0.contains("systemctl") }.joined(separator: "\n")
    for match in own.matches(of: /(?:^|[\s(,])(--[a-z][-a-z]*)/) {
      #expect(known.contains(String(match.output.1)), "\(match.output.1)")
    }
    let warnings = try await shell("man --warnings -E UTF-8 -l -Tutf8 -Z '\(generated)/mcast-peer.1' >/dev/null")
    #expect(warnings.errors == "")
  }

  @Test("the unit is one that systemd takes, and gives the service nothing that it does not need")
  func unit() async throws {
    let files = TemporaryDirectory()
    // The verifier wants the command to be there.
    let unit = try String(contentsOfFile: "\(generated)/mcast-peer@.service", encoding: .utf8)
      .replacing(/ExecStart=[^ ]*/, with: "ExecStart=\(PeerProcess.executable)")
    let path = files.write(unit, to: "mcast-peer@7.service")
    let verified = try await shell("systemd-analyze verify --man=no '\(path)'")
    #expect(verified.code == 0 && !verified.errors.contains("mcast-peer"), "\(verified.errors)")
    let rated = try await shell("systemd-analyze security --offline=true --threshold=20 --no-pager '\(path)'")
    #expect(rated.code == 0, "\(rated.output)")
  }

  @Test("each shell reads its completions, and bash offers commands and options by them")
  func completions() async throws {
    #expect(try await shell("bash -n '\(generated)/mcast-peer.bash'").code == 0)
    for name in ["zsh", "fish"] {
      let result = try await shell("if command -v \(name); then \(name) -n '\(generated)/mcast-peer.\(name)'; fi")
      #expect(result.code == 0 && result.errors == "", "\(result.errors)")
    }
    func offers(_ words: String) async throws -> Set<String> {
      let script = """
        shopt -s extglob; source '\(generated)/mcast-peer.bash'
        COMP_WORDS=(\(words)); COMP_LINE="\(words)"; COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_POINT=${#COMP_LINE}
        _mcast-peer mcast-peer "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"; printf '%s\\n' "${COMPREPLY[@]}"
        """
      let result = try await shell("exec bash -c '\(script.replacing("'", with: "'\\''"))'")
      return Set(result.output.split(separator: "\n").map(String.init))
    }
    #expect(try await offers("mcast-peer w").contains("watch"))
    #expect(try await offers("mcast-peer doctor --w").contains("--wait"))
    #expect(try await offers("mcast-peer secret rotate p").contains("promote"))
    #expect(try await offers("mcast-peer --stat").isSuperset(of: ["--stats", "--state-dir"]))
  }
}
