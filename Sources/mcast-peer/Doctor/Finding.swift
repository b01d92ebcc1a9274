import CommonSupport
import MulticastDTLS

/// The result of one check of `doctor`.
struct Finding: Equatable {
  enum Verdict: String, CaseIterable {
    case ok, warning, failure
  }

  /// The advice of a finding.
  enum Remedy: Equatable {
    case none
    /// An instruction, and a command to paste.
    case action(String, command: String? = nil)
    /// The possible causes, the most likely first.
    case causes([String])
  }

  let verdict: Verdict
  /// The subject of the check: one of the stable words of docs/doctor.schema.json.
  let check: String
  let text: String
  let remedy: Remedy

  /// The width of the text output.
  private static let columns = 80
  /// The column of the check: remedies begin there.
  private static let remedyIndent = 9
  /// The column of the text.
  private static let textIndent = 20

  /// Escapes invisible characters in user-supplied values.
  init(verdict: Verdict, check: String, text: String, remedy: Remedy) {
    self.verdict = verdict
    self.check = check
    self.text = text.visible
    self.remedy =
      switch remedy {
      case .none: .none
      case .action(let text, let command): .action(text.visible, command: command?.visible)
      case .causes(let causes): .causes(causes.map(\.visible))
      }
  }

  static func ok(_ check: String, _ text: String) -> Finding {
    Finding(verdict: .ok, check: check, text: text, remedy: .none)
  }

  static func warning(_ check: String, _ text: String, _ action: String, command: String? = nil) -> Finding {
    Finding(verdict: .warning, check: check, text: text, remedy: .action(action, command: command))
  }

  static func failure(_ check: String, _ text: String, _ action: String?, command: String? = nil) -> Finding {
    Finding(verdict: .failure, check: check, text: text, remedy: action.map { .action($0, command: command) } ?? .none)
  }

  /// The remedy on one line; nil if there is none.
  var advice: String? {
    switch remedy {
    case .none: nil
    case .action(let text, nil): text
    case .action(let text, let command?): "\(text): \(command)"
    case .causes(let causes) where causes.count == 1: "likely cause: \(causes[0])"
    case .causes(let causes):
      "likely causes, in this order: " + causes.enumerated().map { "(\($0 + 1)) \($1)" }.joined(separator: "; ")
    }
  }

  /// The finding as text of at most 80 columns: verdict, check and text, then the remedy, one cause a line. A command has
  /// a line of its own that names the check, so that `grep` finds both. Commands and long words are never broken.
  var lines: [String] {
    let first = folded(text, indent: Self.textIndent)
    return [headed(verdict.rawValue, first[0].dropFirst(Self.textIndent))] + first.dropFirst() + remedyLines
  }

  /// A line of three columns: a label, the check and a text.
  private func headed(_ label: String, _ text: some StringProtocol) -> String {
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(0, width - text.count))
    }
    return "\(padded(label, 7))  \(padded(check, 9))  \(text)"
  }

  private var remedyLines: [String] {
    let blanks = String(repeating: " ", count: Self.remedyIndent)
    switch remedy {
    case .none: return []
    case .action(let text, nil): return folded(text, indent: Self.remedyIndent)
    case .action(let text, let command?):
      // The line of the command says "run" by itself.
      return (text == "run" ? [] : folded("\(text):", indent: Self.remedyIndent)) + [headed("run", command)]
    case .causes(let causes):
      let heading = causes.count == 1 ? "likely cause:" : "likely causes, in this order:"
      return [blanks + heading]
        + causes.enumerated().flatMap { number, cause in
          folded("\(number + 1). \(cause)", indent: Self.remedyIndent, hang: 3)
        }
    }
  }

  /// Folds a text at blanks, except those in quotes: a quoted command or path stays whole, and can be pasted.
  ///
  /// - Parameters:
  ///   - indent: The indentation of all lines.
  ///   - hang: The additional indentation of all lines but the first.
  private func folded(_ text: String, indent: Int, hang: Int = 0) -> [String] {
    var lines = [String(repeating: " ", count: indent)]
    var isEmpty = true
    for word in Self.words(of: text) {
      if !isEmpty, lines[lines.count - 1].count + 1 + word.count > Self.columns {
        lines.append(String(repeating: " ", count: indent + hang))
        isEmpty = true
      }
      lines[lines.count - 1] += (isEmpty ? "" : " ") + word
      isEmpty = false
    }
    return lines
  }

  /// The words of a text. Words between quotes, as in `'ip link'`, are one.
  private static func words(of text: String) -> [String] {
    var words: [String] = []
    var isQuoted = false
    for part in text.split(separator: " ", omittingEmptySubsequences: false) {
      if isQuoted { words[words.count - 1] += " \(part)" } else { words.append(String(part)) }
      // An apostrophe within a word, as in "wolfSSL's", opens nothing.
      guard isQuoted || ["'", "$'", "('"].contains(where: part.hasPrefix) else { continue }
      if !part.count(where: { $0 == "'" }).isMultiple(of: 2) { isQuoted.toggle() }
    }
    return words
  }

  /// The finding as a JSON object (see docs/doctor.schema.json).
  var json: String {
    var (line, text) = (JSONLine(), [UInt8]())
    line.add("verdict", verdict.rawValue)
    line.add("check", check)
    line.add("finding", self.text)
    if let advice { line.add("advice", advice) }
    line.end(in: &text)
    return String(decoding: text.dropLast(), as: UTF8.self)
  }
}
