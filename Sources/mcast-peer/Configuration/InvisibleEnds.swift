import MulticastDTLS

/// Values that begin or end with a character that nobody sees, as those of a file with Windows line ends do.
///
/// Such a value names another directory, or is another message, than a person reads. No value is shown.
enum InvisibleEnds {
  /// A line for each argument of this process, and each variable of ours, that has such an end.
  static var warnings: [String] {
    let arguments = CommandLine.arguments.enumerated().dropFirst().map { ("argument \($0.offset)", $0.element) }
    let variables = Environment.all.compactMap { option, _ in
      (try? Environment.value(option)).map { (Environment.variable(option), $0) }
    }
    return warnings(of: arguments + variables)
  }

  /// The rule itself.
  static func warnings(of values: [(name: String, value: String)]) -> [String] {
    values.compactMap { name, value in
      let ends = value.invisibleEnds
      guard !ends.isEmpty else { return nil }
      let cause = value.unicodeScalars.last == "\r" ? ", as in a file with Windows line ends" : ""
      return "\(name) begins or ends with \(ends), which nobody sees\(cause): it counts, so remove it"
    }
  }
}
