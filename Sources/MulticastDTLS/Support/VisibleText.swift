extension String {
  /// The text with each control and each invisible character written out, as in `\r`, `\x1B` and `\u{200B}`.
  ///
  /// For values of people in messages: their terminal obeys nothing of it, and they see what their eyes would not tell
  /// apart. A blank stays, and a backslash is not doubled, so that a text that is visible already stays as it is.
  package var visible: String {
    guard unicodeScalars.contains(where: \.isInvisible) else { return self }
    return unicodeScalars.reduce(into: "") { $0 += $1.isInvisible ? $1.writtenOut : String($1) }
  }

  /// The invisible characters at the text's ends, written out; empty if there are none.
  package var invisibleEnds: String {
    let scalars = Array(unicodeScalars)
    let first = scalars.prefix { $0.isInvisible }
    let last = scalars.dropFirst(first.count).reversed().prefix { $0.isInvisible }.reversed()
    return (first + last).map(\.writtenOut).joined()
  }
}

extension Unicode.Scalar {
  /// True if nobody sees it: a control, a format character such as a zero-width space or a byte order mark, a line break,
  /// or a space other than the ordinary one, such as a no-break space. Source: Unicode, general categories.
  package var isInvisible: Bool {
    // Nearly all text is this.
    if (0x20...0x7E).contains(value) { return false }
    return switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator: true
    // The pattern of Braille without a dot is a symbol, and blank.
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
