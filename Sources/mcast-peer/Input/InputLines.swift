import Logging

/// Reads messages from the lines of standard input. Skips lines that no message can carry, and logs that.
final class InputLines {
  private let input: StandardInput
  private let limit: Int
  private let logger: Logger
  private var splitter: LineSplitter
  /// Lines that were read and not sent yet.
  private var waiting: ArraySlice<[UInt8]> = []
  private var isAtEnd = false
  private var number = 0
  private var empty: (count: Int, first: Int)?
  private var tooLong: (count: Int, first: Int)?

  /// The most lines that are too long and get a log line each.
  private static let noticeLimit = 3

  /// - Parameter limit: The largest payload of a message, in bytes.
  init(_ input: StandardInput, limit: Int, logger: Logger) {
    self.input = input
    self.limit = limit
    self.logger = logger
    splitter = LineSplitter(limit: limit)
  }

  /// The next lines, from one to `limit`; nil at the end. Returns the same lines again until ``drop(_:)`` removes them.
  ///
  /// - Throws: `CancellationError` if the task is cancelled; ``InputError`` if standard input cannot be read.
  func next(atMost limit: Int) async throws -> ArraySlice<[UInt8]>? {
    while waiting.isEmpty {
      if isAtEnd { return nil }
      let bytes = try await input.read()
      var lines: [[UInt8]] = []
      unsafe bytes.withUnsafeBytes { bytes in
        unsafe splitter.take(bytes) { add($0, to: &lines) }
      }
      if bytes.isEmpty {
        isAtEnd = true
        if let last = splitter.finish() { add(last, to: &lines) }
      }
      waiting = lines[...]
    }
    return waiting.prefix(limit)
  }

  /// Removes lines that were sent.
  func drop(_ count: Int) {
    waiting = waiting.dropFirst(count)
  }

  /// Logs the number of empty lines, if there was one: what a receiver writes to a file lacks them.
  func logEmptyLines() {
    guard let (count, first) = empty else { return }
    let lines = count == 1 ? "1 empty line" : "\(count) empty lines"
    logger.warning("skipped \(lines) of standard input, the first at line \(first): a message needs at least 1 byte")
  }

  /// Checks all lines that were read.
  ///
  /// - Throws: ``InputError/linesTooLong(count:first:limit:)`` if a line was too long.
  func finish() throws {
    if let tooLong { throw InputError.linesTooLong(count: tooLong.count, first: tooLong.first, limit: limit) }
  }

  private func add(_ line: LineSplitter.Line, to lines: inout [[UInt8]]) {
    number += 1
    switch line {
    case .message(let message):
      lines.append(message)
    case .empty:
      empty = ((empty?.count ?? 0) + 1, empty?.first ?? number)
    case .tooLong(let count):
      tooLong = ((tooLong?.count ?? 0) + 1, tooLong?.first ?? number)
      if let tooLong, tooLong.count <= Self.noticeLimit {
        logger.warning(
          "line \(number) of standard input has \(count) bytes, a message carries at most \(limit): skipped")
      }
    }
  }
}
