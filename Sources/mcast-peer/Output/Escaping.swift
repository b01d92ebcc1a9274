/// Appends a payload, escaped as by ``escaped(_:)``.
func appendEscaped(_ payload: Span<UInt8>, to text: inout [UInt8]) {
  // Fast path: nearly all payloads are printable ASCII.
  for index in payload.indices {
    let byte = payload[index]
    if byte < 0x20 || byte > 0x7E || byte == UInt8(ascii: "\\") {
      text += escaped(unsafe payload.withUnsafeBufferPointer { unsafe Array($0) }).utf8
      return
    }
  }
  unsafe payload.withUnsafeBufferPointer { unsafe text.append(contentsOf: $0) }
}

/// A payload as text without terminal control characters.
///
/// Printable UTF-8 stays unchanged. Characters that control the terminal, change the direction of text or break the
/// line become `\n`, `\t`, `\r`, `\u{202E}` and the like. Bytes that are not UTF-8 become `\xFF`. A backslash is
/// doubled, so that no payload can imitate an escape.
func escaped(_ payload: some Sequence<UInt8>) -> String {
  var result = ""
  var parser = Unicode.UTF8.ForwardParser()
  // The parser reports the number of invalid bytes, not their values: keep all bytes, and the position.
  let bytes = Array(payload)
  var position = 0
  var input = bytes.makeIterator()
  while true {
    switch parser.parseScalar(from: &input) {
    case .emptyInput:
      return result
    case .valid(let encoded):
      result += escaped(Unicode.UTF8.decode(encoded))
      position += encoded.count
    case .error(let length):
      result += bytes[position..<position + length].map { "\\x" + hex($0, digits: 2) }.joined()
      position += length
    }
  }
}

/// True for characters that some terminal or reader obeys: controls, line and paragraph separators, and characters that
/// change the direction of text.
func isControlling(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  case .control, .lineSeparator, .paragraphSeparator: true
  default: scalar.properties.isBidiControl
  }
}

private func escaped(_ scalar: Unicode.Scalar) -> String {
  switch scalar {
  case "\\": return "\\\\"
  case "\n": return "\\n"
  case "\r": return "\\r"
  case "\t": return "\\t"
  default:
    guard isControlling(scalar) else { return String(scalar) }
    return scalar.isASCII ? "\\x" + hex(scalar.value, digits: 2) : "\\u{" + hex(scalar.value, digits: 4) + "}"
  }
}

private func hex(_ number: some BinaryInteger, digits: Int) -> String {
  let text = String(number, radix: 16, uppercase: true)
  return String(repeating: "0", count: max(0, digits - text.count)) + text
}
