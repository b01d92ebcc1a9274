/// A word in the form of a shell: quoted if a character of it is special. Source: sh(1), quoting.
package func shellWord(_ text: String) -> String {
  let isPlain =
    !text.isEmpty
    && text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: "-_./:=@%+,".utf8.contains(byte)
      }
    }
  return isPlain
    ? text : "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
}

/// A path in the form of a shell, always quoted. With invisible characters it uses bash's `$'...'`, so that they can be
/// seen and pasted. Source: bash(1), QUOTING.
package func shellPath(_ path: String) -> String {
  guard path != path.visible else {
    let word = shellWord(path)
    return word == path ? "'\(path)'" : word
  }
  return "$'"
    + path.unicodeScalars.reduce(into: "") { text, scalar in
      switch scalar {
      case "'", "\\": text += "\\\(scalar)"
      case let scalar where scalar.isInvisible:
        for byte in String(scalar).utf8 { text += "\\x\(byte < 16 ? "0" : "")\(String(byte, radix: 16))" }
      default: text.unicodeScalars.append(scalar)
      }
    } + "'"
}
