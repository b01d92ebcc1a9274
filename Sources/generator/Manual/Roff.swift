/// A writer of man(7) source.
struct Roff {
  private(set) var text = ""

  mutating func macro(_ name: String, _ arguments: String...) {
    text += "." + name + arguments.map { " \"\(Self.escaped($0).replacing("\"", with: "\\(dq"))\"" }.joined() + "\n"
  }

  /// A request of troff itself, which takes no quotes.
  mutating func request(_ line: String) { text += ".\(line)\n" }

  mutating func section(_ title: String) { macro("SH", title) }
  mutating func subsection(_ title: String) { macro("SS", title) }

  /// A line of text.
  mutating func text(_ line: String) {
    let escaped = Self.escaped(line)
    // A leading control character would begin a macro.
    text += (escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" : "") + escaped + "\n"
  }

  mutating func bold(_ line: String) { text += "\\fB" + Self.escaped(line) + "\\fR\n" }

  /// Adds paragraphs. An indented one keeps its line breaks.
  mutating func paragraphs(_ all: [String]) {
    for (index, paragraph) in all.enumerated() where !paragraph.isEmpty {
      if index > 0 { macro("PP") }
      if paragraph.hasPrefix("  ") {
        literal(paragraph.split(separator: "\n").map(String.init))
      } else {
        text(paragraph.split(separator: "\n").joined(separator: " "))
      }
    }
  }

  /// Adds lines with their line breaks.
  mutating func literal(_ lines: [String]) {
    macro("nf")
    for line in lines { text(line) }
    macro("fi")
  }

  /// Adds a term and its meaning.
  mutating func item(_ term: String, _ meaning: String) {
    macro("TP")
    bold(term)
    text(meaning.split(separator: "\n").joined(separator: " "))
  }

  /// Adds an entry of ``Prose``.
  mutating func entry(_ entry: Prose.Entry) {
    switch entry {
    case .text(let text): paragraphs(["", text])
    case .item(let term, let meaning): item(term, meaning)
    case .example(let heading, let lines):
      paragraphs(["", heading])
      macro("RS", "4")
      literal(lines)
      macro("RE")
    }
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\e").replacing("-", with: "\\-").replacing("~", with: "\\(ti").replacing(
      "^", with: "\\(ha"
    )
    .replacing("`", with: "\\(ga").replacing("'", with: "\\(aq")
  }
}
