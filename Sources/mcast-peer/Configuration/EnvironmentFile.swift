/// The variables of a file in the form of systemd's EnvironmentFile: `NAME=VALUE` lines, `#` and `;` comments, quoted values, and
/// a backslash at the end of a line that goes on. Source: systemd.exec(5).
struct EnvironmentFile: Equatable {
  struct Variable: Equatable {
    let name: String
    let value: String
  }

  /// In the order of the file; of a repeated name, the last counts.
  private(set) var variables: [Variable] = []

  /// Parses a text. Lines that are no assignment are left out, as by systemd.
  init(_ text: String) {
    var rest = text.unicodeScalars[...]
    while !rest.isEmpty {
      Self.skip(&rest) { $0.properties.isWhitespace }
      guard let first = rest.first else { return }
      let line = rest.prefix { $0 != "\n" }
      guard first != "#", first != ";", let equals = line.firstIndex(of: "=") else {
        rest = rest[line.endIndex...]
        continue
      }
      let name = String(line[..<equals]).split(separator: " ").joined(separator: " ")
      rest = rest[line.index(after: equals)...]
      let value = Self.value(&rest)
      if Self.isName(name) { variables.append(Variable(name: name, value: value)) }
    }
  }

  /// Takes a value up to the end of its line.
  private static func value(_ rest: inout Substring.UnicodeScalarView) -> String {
    var (value, keptCount, quote) = (String.UnicodeScalarView(), 0, Unicode.Scalar?.none)
    skip(&rest) { $0 == " " || $0 == "\t" }
    while let next = rest.popFirst() {
      switch (next, quote) {
      case ("\n", nil): return String(value.prefix(keptCount))
      case ("\\", let open) where open != "'":
        guard let escaped = rest.popFirst() else { break }
        if escaped == "\n" { continue }
        // Inside quotes, a backslash escapes only what would end or change the value.
        if open != nil, !"\"\\`$".unicodeScalars.contains(escaped) { value.append("\\") }
        value.append(escaped)
        keptCount = value.count
      case ("'", nil), ("\"", nil): quote = next
      case (let end, .some(let open)) where end == open:
        quote = nil
        keptCount = value.count
      default:
        value.append(next)
        // Blanks at the end of an unquoted value are no part of it.
        if quote != nil || !next.properties.isWhitespace { keptCount = value.count }
      }
    }
    return String(value.prefix(keptCount))
  }

  private static func skip(_ rest: inout Substring.UnicodeScalarView, _ isSkipped: (Unicode.Scalar) -> Bool) {
    rest = rest.drop(while: isSkipped)
  }

  private static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, first < UInt8(ascii: "0") || first > UInt8(ascii: "9") else { return false }
    return text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
  }
}
