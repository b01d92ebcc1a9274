import MulticastDTLS

/// What a check of `doctor` has found: one line.
struct Finding: Equatable {
  /// How good that is.
  enum Verdict: String, CaseIterable {
    case ok, warning, failure
  }

  let verdict: Verdict
  /// What was looked at, in a word or two that do not change.
  let check: String
  /// What there is to say of it.
  let text: String
  /// What to do about it; nil if there is nothing to be done, or the text has said it.
  let advice: String?

  /// Values of people in the texts are shown with their invisible characters written out.
  init(verdict: Verdict, check: String, text: String, advice: String?) {
    (self.verdict, self.check, self.text, self.advice) = (verdict, check, text.visible, advice?.visible)
  }

  static func ok(_ check: String, _ text: String) -> Finding {
    Finding(verdict: .ok, check: check, text: text, advice: nil)
  }

  static func warning(_ check: String, _ text: String, _ advice: String) -> Finding {
    Finding(verdict: .warning, check: check, text: text, advice: advice)
  }

  static func failure(_ check: String, _ text: String, _ advice: String?) -> Finding {
    Finding(verdict: .failure, check: check, text: text, advice: advice)
  }

  /// The finding as a person reads it.
  var line: String {
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(0, width - text.count))
    }
    return "\(padded(verdict.rawValue, 7))  \(padded(check, 9))  \(text)" + (advice.map { ": \($0)" } ?? "")
  }

  /// The finding as a JSON object.
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
