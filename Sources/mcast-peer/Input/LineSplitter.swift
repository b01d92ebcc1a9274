import Glibc

/// Parts a stream of bytes into lines, each of which is a message. Pure.
///
/// A line ends with a newline, which is not part of it, or with the stream. All other bytes are as they are, carriage
/// returns and NULs among them.
struct LineSplitter {
  /// A line of the stream.
  enum Line: Hashable {
    case message([UInt8])
    /// It has no bytes, so that no message can carry it.
    case empty
    /// It has more bytes than a message carries; so many.
    case tooLong(Int)
  }

  private let limit: Int
  /// The beginning of a line whose end has not come: at most a byte more than a message carries.
  private var part: [UInt8] = []
  /// How many bytes it has, those among them that are not kept.
  private var count = 0

  /// - Parameter limit: The most bytes that a message carries.
  init(limit: Int) {
    self.limit = limit
  }

  /// Takes bytes, and calls for each line that they end.
  mutating func take(_ bytes: UnsafeRawBufferPointer, _ body: (Line) -> Void) {
    var rest = unsafe bytes[...]
    while let start = unsafe UnsafeRawBufferPointer(rebasing: rest).baseAddress {
      guard let newline = unsafe memchr(start, CInt(UInt8(ascii: "\n")), rest.count) else {
        unsafe add(UnsafeRawBufferPointer(rebasing: rest))
        return
      }
      let length = unsafe UnsafeRawPointer(newline) - start
      unsafe add(UnsafeRawBufferPointer(start: start, count: length))
      body(endLine())
      unsafe rest = rest.dropFirst(length + 1)
    }
  }

  /// Ends the stream: what has come since the last newline is a line, too, if there is anything.
  mutating func finish() -> Line? {
    count == 0 ? nil : endLine()
  }

  private mutating func add(_ bytes: UnsafeRawBufferPointer) {
    count += bytes.count
    // Of a line that is too long, nothing is needed but its length.
    if count <= limit { unsafe part.append(contentsOf: bytes) }
  }

  private mutating func endLine() -> Line {
    defer {
      part = []
      count = 0
    }
    return count == 0 ? .empty : count > limit ? .tooLong(count) : .message(part)
  }
}
