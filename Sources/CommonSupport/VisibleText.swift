extension String {
  /// The text with each control and invisible character escaped, as in `\r`, `\x1B` and `\u{200B}`.
  ///
  /// For user-given values in messages: the terminal obeys no control character, and people see differences that are
  /// otherwise invisible. A space stays, and a backslash is not doubled, so a fully visible text stays unchanged.
  package var visible: String {
    guard unicodeScalars.contains(where: \.isInvisible) else { return self }
    return unicodeScalars.reduce(into: "") { $0 += $1.isInvisible ? $1.writtenOut : String($1) }
  }

  /// The invisible characters at the ends of the text, escaped; empty if there are none.
  package var invisibleEnds: String {
    let scalars = Array(unicodeScalars)
    let first = scalars.prefix { $0.isInvisible }
    let last = scalars.dropFirst(first.count).reversed().prefix { $0.isInvisible }.reversed()
    return (first + last).map(\.writtenOut).joined()
  }
}

extension Unicode.Scalar {
  /// True for an invisible character: a control, a format character such as a zero-width space or a byte order mark, a
  /// line break, or a space other than the ordinary one, such as a no-break space. Source: Unicode, general categories.
  package var isInvisible: Bool {
    // The fast path: nearly all text.
    if (0x20...0x7E).contains(value) { return false }
    return switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator: true
    // The Braille pattern without dots is a symbol, and blank.
    default: properties.isDefaultIgnorableCodePoint || value == 0x2800
    }
  }

  /// The character as an escape: `\r`, `\x1B`, `\u{200B}`.
  fileprivate var writtenOut: String {
    switch self {
    case "\n": return "\\n"
    case "\r": return "\\r"
    case "\t": return "\\t"
    default:
      let number = String(value, radix: 16, uppercase: true)
      let digits = isASCII ? 2 : 4
      let padded = String(repeating: "0", count: max(0, digits - number.count)) + number
      return isASCII ? "\\x\(padded)" : "\\u{\(padded)}"
    }
  }
}
