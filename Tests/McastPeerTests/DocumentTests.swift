import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS
@testable import mcast_peer

@Suite("README and docs/")
struct DocumentTests {
  /// The remark before a block of commands.
  private enum Remark {
    /// No test can run the block, for this reason.
    case notRun(String)
    /// Another suite runs the block.
    case runBy(String)

    init?(_ text: String) {
      if let match = text.wholeMatch(of: /not run by a test(?: in this form)?: (.+)/) {
        self = .notRun(String(match.output.1))
      } else if let match = text.wholeMatch(of: /run by (\w+)/) {
        self = .runBy(String(match.output.1))
      } else {
        return nil
      }
    }
  }

  private static let run = DocumentScenes.all.flatMap(\.commands).filter { !$0.isOurs }
    .flatMap { $0.text.split(separator: "\n").map(String.init) }

  @Test("every command of a page is run by a test, or has a reason why not", arguments: Page.all)
  func complete(page: Page) throws {
    for block in page.blocks {
      #expect(["sh", "text", "json", "swift"].contains(block.language), "\(page.path): ```\(block.language)")
      guard block.language == "sh" else { continue }
      switch block.remark.flatMap(Remark.init) {
      case .notRun(let reason): #expect(reason.count > 10, "\(reason)")
      case .runBy(let suite):
        let path = "Tests/McastPeerTests/\(suite).swift"
        #expect(FileManager.default.fileExists(atPath: Project.root.appending(path: path).path), "\(path)")
      case nil:
        for command in block.commands { #expect(Self.run.contains(command), "\(page.path): \(command)") }
      }
    }
    // Pages show commands in fenced blocks only.
    for line in page.parts.prose { #expect(!line.hasPrefix("    "), "\(page.path): \(line)") }
  }

  @Test("every command run for the pages is on a page")
  func used() {
    let shown = Set(Page.all.flatMap(\.blocks).flatMap(\.commands))
    for command in Self.run { #expect(shown.contains(command), "\(command)") }
    #expect(Page.all.count > 8 && Self.run.count > 30)
  }

  @Test(
    "the commands work as documented",
    .enabled(if: Namespace.isAvailable && Family.all.contains(.ipv6), "needs a namespace"),
    arguments: DocumentScenes.all.filter { !$0.needsRoot })
  func commands(scene: Scene) async throws {
    try await scene.run()
  }

  @Test(
    "the commands for root work as documented", .enabled(if: Namespace.isAvailable && getuid() == 0, "needs root"),
    arguments: DocumentScenes.all.filter(\.needsRoot))
  func rootCommands(scene: Scene) async throws {
    try await scene.run()
  }

  @Test("every link has a target", arguments: Page.all)
  func links(page: Page) throws {
    let own = Project.root.appending(path: page.path)
    for link in page.links where !link.hasPrefix("https://") {
      let parts = link.split(separator: "#", omittingEmptySubsequences: false).map(String.init)
      let target = parts[0].isEmpty ? own : own.deletingLastPathComponent().appending(path: parts[0])
      let file = target.standardizedFileURL.path
      #expect(FileManager.default.fileExists(atPath: file), "\(page.path): \(link)")
      if parts.count > 1 {
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(Page(path: file, text: text).anchors.contains(parts[1]), "\(page.path): \(link)")
      }
    }
  }

  @Test("every option and make target on a page exists", arguments: Page.all)
  func names(page: Page) throws {
    let options = Set(Environment.all.map { "--\($0.0)" })
    // Options of other commands: secret, status and doctor, scp, docker, and wolfSSL's configure.
    let others: Set = [
      "--write", "--unsigned", "--wait", "--of", "--service", "--help", "--version", "--user", "--network", "--volume",
      "--now",
    ]
    let makefile = try Project.text(of: "Makefile")
    for code in page.inlineCode {
      for match in code.matches(of: /(?:^|\s)(--[a-z][-a-z]*)/) {
        let option = String(match.output.1)
        #expect(options.contains(option) || others.contains(option), "\(page.path): \(code)")
      }
      if let target = code.wholeMatch(of: /make ([a-z-]+)(?: .*)?/)?.output.1 {
        #expect(makefile.contains("\n.PHONY: ") && makefile.contains(" \(target)"), "\(page.path): \(code)")
        #expect(makefile.contains(try Regex("(?m)^[a-z -]*\\b\(target)\\b[a-z -]*:")), "\(page.path): \(code)")
      }
    }
  }

  @Test("docs/options.md has every option of the command, with its variable")
  func table() throws {
    let rows = try Project.text(of: "docs/options.md").matches(of: /(?m)^\| (.+?) \| (.*?) \|/).map {
      (option: String($0.output.1), variable: String($0.output.2))
    }
    var expected: Set<String> = []
    for (option, _) in Environment.all {
      let variable = "`\(Environment.variable(option))`"
      expected.insert(variable)
      let row = try #require(rows.first { $0.variable == variable }, "\(option)")
      #expect(row.option.contains(option == "node-id" ? "<node-id>" : "--\(option)"), "\(row)")
    }
    #expect(Set(rows.map(\.variable).filter { $0.contains("MCAST_PEER_") }) == expected)
  }

  @Test("the example events of docs/events.md are valid, and its tables have every name of the schema")
  func events() async throws {
    let page = try Project.text(of: "docs/events.md")
    let block = try #require(page.firstMatch(of: /```json\n((?s:.*?))```/)).output.1
    #expect(try await Project.validate(String(block)) == ["start": 1, "received": 1, "sent": 1])
    let definitions = try #require(try Project.eventSchema["$defs"] as? [String: [String: Any]])
    for (event, definition) in definitions {
      guard let properties = definition["properties"] as? [String: [String: Any]] else { continue }
      let row = try #require(page.split(separator: "\n").first { $0.hasPrefix("| `\(event)` |") }, "\(event)")
      for (name, property) in properties {
        if !["event", "time"].contains(name) { #expect(row.contains("`\(name)`"), "\(event) \(name)") }
        for word in property["enum"] as? [String] ?? [] where name != "suite" {
          #expect(page.contains("`\(word)`"), "\(event) \(name) \(word)")
        }
      }
    }
  }

  @Test("the records of docs/wire-format.md are vectors")
  func records() throws {
    let page = try Project.text(of: "docs/wire-format.md")
    let shown = page.matches(of: /```text\n(17 fefd (?s:.*?))```/).map { $0.output.1.filter(\.isHexDigit) }
    let suites: [CipherSuite] = [.wdmNullSHA256, .pskChaCha20Poly1305]
    let records = suites.enumerated().map { Vectors.shared[$0.element].records[$0.offset] }
    #expect(shown == records.map { hexadecimal($0.datagram) })
    for record in records { #expect(page.contains("`\(String(decoding: record.payload, as: UTF8.self))`")) }
    #expect(page.contains("`\(Vectors.shared.secret)`"))
  }
}
