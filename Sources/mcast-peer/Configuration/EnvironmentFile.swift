/// The variables of a file in the form of systemd's EnvironmentFile.
///
/// 1. A line is `NAME=VALUE`. One that begins with `#` or `;` is a comment, and ends where a line does, unless a backslash
///    precedes the end. LF and CR both end a line.
/// 2. A value has quoted parts, between which blanks do not count, and then perhaps an unquoted rest, in which a quotation
///    mark is a character like others.
/// 3. A backslash makes the next character part of the value; before a line end, it joins two lines. In single quotes it is
///    a character like others, in double quotes also, except before `"`, `\`, `` ` ``, `$` and a line feed.
///
/// Source: systemd.exec(5), EnvironmentFile; tried with systemd 252.
struct EnvironmentFile: Equatable {
  struct Variable: Equatable {
    let name: String
    let value: String
  }

  /// A file that systemd refuses as a whole.
  struct Unreadable: Error {}

  /// In the order of the file; of a repeated name, the last counts.
  private(set) var variables: [Variable] = []

  /// Parses a file. Lines that are no assignment are left out, as by systemd.
  ///
  /// - Throws: ``Unreadable`` if it has a NUL, or an assignment that is not UTF-8.
  init(_ bytes: [UInt8]) throws(Unreadable) {
    guard !bytes.contains(0) else { throw Unreadable() }
    var rest = bytes[...]
    while let first = rest.first {
      if Self.isBlank(first) || Self.isEnd(first) {
        rest.removeFirst()
      } else if first == UInt8(ascii: "#") || first == UInt8(ascii: ";") {
        Self.skipComment(&rest)
      } else {
        let line = rest.prefix { !Self.isEnd($0) }
        // A name has at least one character, and so may begin with the sign.
        guard let equals = line.dropFirst().firstIndex(of: UInt8(ascii: "=")) else {
          rest = rest[line.endIndex...]
          continue
        }
        rest = rest[(equals + 1)...]
        let value = Self.value(&rest)
        guard let name = String(validating: Self.withoutBlankEnd(line[..<equals]), as: UTF8.self),
          let value = String(validating: value, as: UTF8.self)
        else { throw Unreadable() }
        if Self.isName(name) { variables.append(Variable(name: name, value: value)) }
      }
    }
  }

  private static func skipComment(_ rest: inout ArraySlice<UInt8>) {
    while let next = rest.popFirst() {
      if next == UInt8(ascii: "\\") { _ = rest.popFirst() }
      if isEnd(next) { return }
    }
  }

  /// Takes a value up to the end of its line.
  private static func value(_ rest: inout ArraySlice<UInt8>) -> [UInt8] {
    var value: [UInt8] = []
    while let next = rest.first {
      let quote = UInt8(ascii: "'"), doubleQuote = UInt8(ascii: "\"")
      guard next == quote || next == doubleQuote || isBlank(next) else { return value + unquoted(&rest) }
      rest.removeFirst()
      if next == quote {
        value += rest.prefix { $0 != quote }
        rest = rest.drop { $0 != quote }.dropFirst()
      } else if next == doubleQuote {
        value += doubleQuoted(&rest)
      }
    }
    return value
  }

  private static func doubleQuoted(_ rest: inout ArraySlice<UInt8>) -> [UInt8] {
    var value: [UInt8] = []
    while let next = rest.popFirst(), next != UInt8(ascii: "\"") {
      guard next == UInt8(ascii: "\\") else {
        value.append(next)
        continue
      }
      guard let escaped = rest.popFirst(), escaped != UInt8(ascii: "\n") else { continue }
      if !"\"\\`$".utf8.contains(escaped) { value.append(next) }
      value.append(escaped)
    }
    return value
  }

  /// Takes the unquoted rest of a value, to the end of the line. Blanks at its end are no part of it, unless they are escaped.
  private static func unquoted(_ rest: inout ArraySlice<UInt8>) -> [UInt8] {
    var (value, keptCount) = ([UInt8](), 0)
    while let next = rest.popFirst(), !isEnd(next) {
      if next == UInt8(ascii: "\\") {
        if let escaped = rest.popFirst(), !isEnd(escaped) { value.append(escaped) }
        keptCount = value.count
      } else {
        value.append(next)
        if !isBlank(next) { keptCount = value.count }
      }
    }
    return Array(value.prefix(keptCount))
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

  private static func isEnd(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") }

  private static func withoutBlankEnd(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    bytes.prefix(bytes.count - bytes.reversed().prefix(while: isBlank).count)
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
