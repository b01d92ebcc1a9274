import Foundation
import TestSupport
import Testing

@Suite("Code in the documentation of the library")
struct ArticleTests {
  /// The Swift blocks of a page.
  private static func blocks(of page: String) throws -> [Substring] {
    let blocks = try Project.text(of: "Sources/MulticastDTLS/MulticastDTLS.docc/\(page)")
      .matches(of: /(?m)^```swift\n((?s:.*?)\n)```$/).map(\.output.1)
    return try #require(blocks.isEmpty ? nil : blocks)
  }

  /// True if a source contains the block's consecutive lines, at any indentation.
  private static func stands(_ block: Substring, in source: String) -> Bool {
    (0...4).contains { depth in
      let lines = block.split(separator: "\n", omittingEmptySubsequences: false).map { line in
        line.isEmpty ? "" : String(repeating: "  ", count: depth) + line
      }
      return "\n\(source)".contains("\n" + lines.joined(separator: "\n"))
    }
  }

  @Test(
    "the article shows the whole compiled example",
    arguments: [
      ("WhoLeads.md", "Examples/Leader"), ("RunInAService.md", "Examples/Service"),
      ("SignMessages.md", "Examples/Signed"),
    ])
  func example(page: String, directory: String) throws {
    let blocks = try Self.blocks(of: page)
    let sources = try FileManager.default.contentsOfDirectory(atPath: Project.root.appending(path: directory).path)
      .map { try Project.text(of: "\(directory)/\($0)") }
    for block in blocks { #expect(sources.contains { Self.stands(block, in: $0) }, "\(block)") }

    func lines(_ texts: [some StringProtocol]) -> Set<String> {
      Set(texts.joined().split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) })
    }
    #expect(lines(sources).subtracting(lines(blocks)).filter { !$0.hasPrefix("import ") } == [])
  }

  @Test("the first page shows code that the tests of the README compile")
  func firstPage() throws {
    let compiled = try Project.text(of: "Tests/MulticastDTLSTests/ReadmeTests.swift")
    for block in try Self.blocks(of: "MulticastDTLS.md") { #expect(Self.stands(block, in: compiled), "\(block)") }
  }
}
