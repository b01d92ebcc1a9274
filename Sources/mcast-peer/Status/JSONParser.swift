/// Parses a JSON document. Source: RFC 8259.
struct JSONParser {
  private let bytes: [UInt8]
  private var position = 0

  /// The deepest nesting, so that a hostile document cannot exhaust the stack.
  private static let depthLimit = 16

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// The only value of the document.
  mutating func document() throws(JSONValue.Malformed) -> JSONValue {
    let value = try value(depth: 0)
    skipBlanks()
    guard position == bytes.count else { throw malformed }
    return value
  }

  private var malformed: JSONValue.Malformed { JSONValue.Malformed(offset: position) }
  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipBlanks() {
    while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
  }

  /// Skips blanks, and takes a byte if it is next.
  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipBlanks()
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(JSONValue.Malformed) {
    guard take(character) else { throw malformed }
  }

  private mutating func value(depth: Int) throws(JSONValue.Malformed) -> JSONValue {
    guard depth < Self.depthLimit else { throw malformed }
    skipBlanks()
    switch next {
    case UInt8(ascii: "{"): return .object(try object(depth: depth))
    case UInt8(ascii: "["): return .list(try list(depth: depth))
    case UInt8(ascii: "\""): return .text(try text())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return .number(try number())
    }
  }

  private mutating func word(_ word: String, _ value: JSONValue) throws(JSONValue.Malformed) -> JSONValue {
    guard bytes[position...].starts(with: word.utf8) else { throw malformed }
    position += word.utf8.count
    return value
  }

  private mutating func object(depth: Int) throws(JSONValue.Malformed) -> [String: JSONValue] {
    var members: [String: JSONValue] = [:]
    try expect("{")
    if take("}") { return members }
    repeat {
      skipBlanks()
      let key = try text()
      try expect(":")
      members[key] = try value(depth: depth + 1)
    } while take(",")
    try expect("}")
    return members
  }

  private mutating func list(depth: Int) throws(JSONValue.Malformed) -> [JSONValue] {
    var values: [JSONValue] = []
    try expect("[")
    if take("]") { return values }
    repeat { values.append(try value(depth: depth + 1)) } while take(",")
    try expect("]")
    return values
  }

  private mutating func number() throws(JSONValue.Malformed) -> Double {
    let token = bytes[position...].prefix { byte in
      UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "+-.eE".utf8.contains(byte)
    }
    let text = String(decoding: token, as: UTF8.self)
    // Double also takes forms that JSON lacks, such as 01 and .5.
    guard text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/) != nil, let number = Double(text) else {
      throw malformed
    }
    position += token.count
    return number
  }

  private mutating func text() throws(JSONValue.Malformed) -> String {
    guard next == UInt8(ascii: "\"") else { throw malformed }
    position += 1
    var content: [UInt8] = []
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: content, as: UTF8.self) else { throw malformed }
        position += 1
        return text
      case UInt8(ascii: "\\"):
        position += 1
        content += UTF8.encode(try escape()).map(Array.init) ?? []
      case 0..<0x20:
        throw malformed
      default:
        content.append(byte)
        position += 1
      }
    }
    throw malformed
  }

  /// The character of an escape, after its backslash.
  private mutating func escape() throws(JSONValue.Malformed) -> Unicode.Scalar {
    guard let byte = next else { throw malformed }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try scalar()
    default: throw malformed
    }
  }

  /// The character of an escape, after its `u`: four hex digits, or eight in two escapes, a surrogate pair.
  private mutating func scalar() throws(JSONValue.Malformed) -> Unicode.Scalar {
    let high = try hexadecimal()
    if let scalar = Unicode.Scalar(high) { return scalar }
    guard UTF16.isLeadSurrogate(UInt16(high)), bytes[position...].starts(with: "\\u".utf8) else { throw malformed }
    position += 2
    let low = try hexadecimal()
    guard UTF16.isTrailSurrogate(UInt16(low)),
      let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
    else { throw malformed }
    return scalar
  }

  private mutating func hexadecimal() throws(JSONValue.Malformed) -> UInt32 {
    let digits = String(decoding: bytes[position...].prefix(4), as: UTF8.self)
    guard digits.wholeMatch(of: /[0-9A-Fa-f]{4}/) != nil, let number = UInt32(digits, radix: 16) else {
      throw malformed
    }
    position += 4
    return number
  }
}
