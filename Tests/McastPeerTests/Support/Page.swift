import Foundation
import Testing

/// A page of the documentation: README.md or one of docs/.
struct Page: CustomTestStringConvertible {
  /// Its path in the project.
  let path: String
  let text: String

  var testDescription: String { path }

  /// All pages.
  static let all: [Page] = {
    let docs = (try? FileManager.default.contentsOfDirectory(atPath: Project.root.appending(path: "docs").path)) ?? []
    return (["README.md"] + docs.filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" })
      .map { Page(path: $0, text: (try? Project.text(of: $0)) ?? "") }
  }()

  /// A fenced block.
  struct Block {
    /// The word after the fence: `sh` for commands.
    let language: String
    /// The text of the comment right before it, if there is one.
    let remark: String?
    let lines: [String]

    /// The commands in it, without their comments.
    var commands: [String] {
      lines.map { line in
        (line.firstRange(of: #/\s+# /#).map { line[..<$0.lowerBound] } ?? line[...]).trimmingCharacters(
          in: .whitespaces)
      }.filter { !$0.isEmpty }
    }
  }

  /// Its blocks, and the lines outside them.
  var parts: (blocks: [Block], prose: [String]) {
    var (blocks, prose): ([Block], [String]) = ([], [])
    var block: (language: String, remark: String?, lines: [String])?
    for line in text.components(separatedBy: "\n") {
      let bare = line.trimmingCharacters(in: .whitespaces)
      if let open = block {
        if bare == "```" {
          blocks.append(Block(language: open.language, remark: open.remark, lines: open.lines))
          block = nil
        } else {
          block?.lines.append(bare)
        }
      } else if bare.hasPrefix("```") {
        let last = prose.last?.wholeMatch(of: /\s*<!-- (.*) -->/)
        block = (String(bare.dropFirst(3)), last.map { String($0.output.1) }, [])
      } else {
        prose.append(line)
      }
    }
    return (blocks, prose)
  }

  var blocks: [Block] { parts.blocks }

  /// The texts between single backquotes.
  var inlineCode: [String] {
    parts.prose.joined(separator: "\n").matches(of: /`([^`]+)`/).map {
      String($0.output.1).replacing("\n", with: " ")
    }
  }

  /// The targets of its links.
  var links: [String] {
    parts.prose.joined(separator: "\n").matches(of: /\]\(([^)\s]+)\)/).map { String($0.output.1) }
  }

  /// The anchors that GitHub gives its headings.
  var anchors: Set<String> {
    Set(
      parts.prose.filter { $0.hasPrefix("#") }.map { heading in
        heading.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces).lowercased()
          .filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
          .replacing(" ", with: "-")
      })
  }
}
