import COpenSSL
import MulticastDTLS

/// A JSON object on one line, appended key by key. A general encoder would take several times as long as opening the
/// record that an event reports. Source: RFC 8259.
struct JSONLine {
  private var bytes: [UInt8] = []

  /// Begins a nested object.
  init() {
    bytes.append(UInt8(ascii: "{"))
  }

  /// Begins an event.
  init(_ event: String, time: [UInt8]) {
    bytes.reserveCapacity(512)
    bytes += "{\"event\":\"".utf8
    bytes += event.utf8
    bytes += "\",\"time\":\"".utf8
    bytes += time
    bytes.append(UInt8(ascii: "\""))
  }

  /// Ends the event.
  mutating func end(in text: inout [UInt8]) {
    bytes += "}\n".utf8
    text += bytes
  }

  private mutating func addName(_ name: String) {
    if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
    bytes.append(UInt8(ascii: "\""))
    bytes += name.utf8
    bytes += "\":".utf8
  }

  mutating func add(_ name: String, _ number: Int) {
    addName(name)
    appendDecimal(number, to: &bytes)
  }

  mutating func add(_ name: String, _ isTrue: Bool) {
    addName(name)
    bytes += (isTrue ? "true" : "false").utf8
  }

  /// Adds a number with three decimals.
  mutating func add(_ name: String, thousandths number: Int) {
    addName(name)
    appendDecimal(number / 1000, to: &bytes)
    bytes += ".\(String(1000 + number % 1000).dropFirst())".utf8
  }

  mutating func add(_ name: String, _ text: String) {
    addName(name)
    Self.appendQuoted(text, to: &bytes)
  }

  /// Adds a value that is JSON already.
  mutating func add(_ name: String, quoted: [UInt8]) {
    addName(name)
    bytes += quoted
  }

  /// Adds the members of an event: `member` for one, `members` for several.
  mutating func add(_ members: MemberSet) {
    let ids = members.members.map { Int($0.rawValue) }
    if ids.count == 1 {
      add("member", ids[0])
    } else if !ids.isEmpty {
      addName("members")
      bytes.append(UInt8(ascii: "["))
      for (index, id) in ids.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        appendDecimal(id, to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    }
  }

  mutating func add(_ name: String, _ texts: [String]) {
    addName(name)
    bytes.append(UInt8(ascii: "["))
    for (index, text) in texts.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      Self.appendQuoted(text, to: &bytes)
    }
    bytes.append(UInt8(ascii: "]"))
  }

  mutating func add(_ name: String, _ object: JSONLine) {
    addName(name)
    bytes += object.bytes
    bytes.append(UInt8(ascii: "}"))
  }

  mutating func add(_ name: String, _ objects: [JSONLine]) {
    addName(name)
    bytes.append(UInt8(ascii: "["))
    for (index, object) in objects.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      bytes += object.bytes
      bytes.append(UInt8(ascii: "}"))
    }
    bytes.append(UInt8(ascii: "]"))
  }

  /// Adds a payload: its length, and its text, or base64 (RFC 4648) if it is not UTF-8.
  mutating func add(payload: Span<UInt8>) {
    add("length", payload.count)
    if let text = try? UTF8Span(validating: payload) {
      addName("text")
      bytes.append(UInt8(ascii: "\""))
      Self.appendEscaped(text.span, to: &bytes)
      bytes.append(UInt8(ascii: "\""))
    } else {
      addName("base64")
      bytes.append(UInt8(ascii: "\""))
      Self.appendBase64(payload, to: &bytes)
      bytes.append(UInt8(ascii: "\""))
    }
  }

  static func appendQuoted(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    appendEscaped(Array(text.utf8).span, to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  /// Appends UTF-8. Escapes the characters that JSON requires, and those of ``isControlling(_:)``.
  private static func appendEscaped(_ text: Span<UInt8>, to bytes: inout [UInt8]) {
    var index = 0
    while index < text.count {
      let byte = text[index]
      index += 1
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case UInt8(ascii: "\n"): bytes += "\\n".utf8
      case UInt8(ascii: "\r"): bytes += "\\r".utf8
      case UInt8(ascii: "\t"): bytes += "\\t".utf8
      case 0..<0x20, 0x7F: bytes += "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
      // The first bytes of all other controlling characters.
      case 0xC2, 0xD8, 0xE2:
        let count = byte == 0xE2 ? 3 : 2
        var number = UInt32(byte) & (count == 2 ? 0x1F : 0x0F)
        for next in index..<index + count - 1 { number = number << 6 | UInt32(text[next] & 0x3F) }
        if let scalar = UnicodeScalar(number), isControlling(scalar) {
          bytes += "\\u\(number < 0x1000 ? "0" : "")\(number < 0x100 ? "0" : "")\(String(number, radix: 16))".utf8
        } else {
          unsafe text.extracting(index - 1..<index + count - 1).withUnsafeBufferPointer {
            unsafe bytes.append(contentsOf: $0)
          }
        }
        index += count - 1
      default: bytes.append(byte)
      }
    }
  }

  private static func appendBase64(_ payload: Span<UInt8>, to bytes: inout [UInt8]) {
    let size = (payload.count + 2) / 3 * 4
    let text = unsafe [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, count in
      count = unsafe payload.withUnsafeBufferPointer { payload in
        // The result excludes the NUL at the end. Source: EVP_EncodeBlock(3ossl).
        Int(unsafe EVP_EncodeBlock(buffer.baseAddress, payload.baseAddress, CInt(payload.count)))
      }
    }
    bytes += text
  }
}

/// Appends a number in decimal.
func appendDecimal(_ number: Int, to bytes: inout [UInt8]) {
  if number < 10, number >= 0 {
    bytes.append(UInt8(ascii: "0") + UInt8(number))
  } else {
    // Without a String, which would take most of the time of a line.
    let start = bytes.count
    var rest = number.magnitude
    repeat {
      bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    if number < 0 { bytes.append(UInt8(ascii: "-")) }
    bytes[start...].reverse()
  }
}
