import Glibc

/// Splits a stream of bytes into lines, one message each. Pure.
///
/// A newline, or the end of the stream, ends a line and is not part of it. All other bytes pass unchanged, including
/// carriage returns and NULs.
struct LineSplitter {
  enum Line: Hashable {
    case message([UInt8])
    /// A line of no bytes, which no message can carry.
    case empty
    /// A line longer than the limit, with its length in bytes.
    case tooLong(Int)
  }

  private let limit: Int
  /// The start of an unfinished line, at most `limit` bytes.
  private var part: [UInt8] = []
  /// The length of the unfinished line, including bytes beyond the limit, which are not kept.
  private var count = 0

  /// - Parameter limit: The largest payload of a message, in bytes.
  init(limit: Int) {
    self.limit = limit
  }

  /// Appends bytes, and calls `body` with each line that they complete.
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

  /// Ends the stream. Returns the bytes after the last newline as a line, or nil if there are none.
  mutating func finish() -> Line? {
    count == 0 ? nil : endLine()
  }

  private mutating func add(_ bytes: UnsafeRawBufferPointer) {
    count += bytes.count
    // Only the length of a line that is too long is reported.
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
