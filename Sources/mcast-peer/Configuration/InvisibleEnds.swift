import CommonSupport
import MulticastDTLS

/// Warnings of values that begin or end with an invisible character, for instance after a file with Windows line ends.
///
/// Such a value is another directory, or another message, than the one on the screen. No warning shows a value.
enum InvisibleEnds {
  /// A warning for each such argument of this process, and each such setting in the environment.
  static var warnings: [String] {
    let arguments = CommandLine.arguments.enumerated().dropFirst().map { ("argument \($0.offset)", $0.element) }
    let variables = Environment.all.compactMap { option, _ in
      (try? Environment.value(option)).map { (Environment.variable(option), $0) }
    }
    return warnings(of: arguments + variables)
  }

  /// A warning for each of `values` with such an end.
  static func warnings(of values: [(name: String, value: String)]) -> [String] {
    values.compactMap { name, value in
      let ends = value.invisibleEnds
      guard !ends.isEmpty else { return nil }
      let cause = value.unicodeScalars.last == "\r" ? ", as from a file with Windows line ends" : ""
      return "\(name) begins or ends with an invisible character (\(ends)\(cause)), part of the value: remove it"
    }
  }
}
