/// The text of a ring file as lines: up to four secrets, the one to send with first; comments and blank lines.
///
/// The first character of a comment is `#`. A line ends with LF, CR LF or the end of the text. A secret is its whole
/// line, spaces included.
struct KeyRingText: ~Copyable {
  /// The maximum size of a text in bytes; a larger file is not a key ring.
  static let maximumSize = 16_384

  /// One line.
  struct Line {
    /// The bytes without the line ending.
    let content: Range<Int>
    /// The bytes with the line ending.
    let whole: Range<Int>
    let isSecret: Bool
  }

  private let bytes: SecretBytes
  /// All lines, in order.
  let lines: [Line]

  /// Splits a text into lines.
  init(_ bytes: consuming SecretBytes) {
    lines = unsafe bytes.withBytes { unsafe Self.lines(in: $0) }
    self.bytes = bytes
  }

  /// The lines that are secrets, in order.
  var secrets: [Line] {
    lines.filter(\.isSecret)
  }

  /// True if the text is one secret of that size and nothing else.
  func isOneSecret(of size: Int) -> Bool {
    lines.count == 1 && lines[0].isSecret && lines[0].content.count == size
  }

  /// Copies a line's content.
  func content(of line: Line) -> SecretBytes {
    unsafe bytes.withBytes { unsafe SecretBytes(copying: UnsafeRawBufferPointer(rebasing: $0[line.content])) }
  }

  /// A text of the given lines in the given order, each ended by a newline.
  func text(of lines: [Line]) -> SecretBytes {
    unsafe bytes.withBytes { bytes in
      let size = lines.reduce(0) { $0 + $1.whole.count + 1 }
      return unsafe SecretBytes(capacity: size) { storage in
        var count = 0
        for line in lines {
          unsafe UnsafeMutableRawBufferPointer(rebasing: storage[count...])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[line.whole]))
          count += line.whole.count
          if unsafe count == 0 || storage[count - 1] != UInt8(ascii: "\n") {
            unsafe storage[count] = UInt8(ascii: "\n")
            count += 1
          }
        }
        return count
      }
    }
  }

  private static func lines(in bytes: UnsafeRawBufferPointer) -> [Line] {
    var lines: [Line] = []
    var start = 0
    while start < bytes.count {
      let newline = unsafe bytes[start...].firstIndex(of: UInt8(ascii: "\n"))
      var end = newline ?? bytes.count
      if end > start, unsafe bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
      let first = unsafe bytes[start..<end].first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
      let next = newline.map { $0 + 1 } ?? bytes.count
      lines.append(
        Line(content: start..<end, whole: start..<next, isSecret: first != nil && first != UInt8(ascii: "#")))
      start = next
    }
    return lines
  }
}
