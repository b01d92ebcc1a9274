import Logging

/// The lines of standard input that are messages; the others are told of, and left out.
final class InputLines {
  private let input: StandardInput
  private let limit: Int
  private let logger: Logger
  private var splitter: LineSplitter
  /// Those that have been read and not been sent.
  private var waiting: ArraySlice<[UInt8]> = []
  private var isAtEnd = false
  private var number = 0
  private var emptyCount = 0
  private var tooLong: (count: Int, first: Int)?

  /// So many lines that are left out are told of one by one.
  private static let noticeLimit = 3

  /// - Parameter limit: The most bytes that a message carries.
  init(_ input: StandardInput, limit: Int, logger: Logger) {
    self.input = input
    self.limit = limit
    self.logger = logger
    splitter = LineSplitter(limit: limit)
  }

  /// The next lines, at least one and at most so many; nil at the end. They stay the next until they are dropped.
  ///
  /// - Throws: `CancellationError` if the task is cancelled; ``InputError`` if nothing can be read.
  func next(_ most: Int) async throws -> ArraySlice<[UInt8]>? {
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
    return waiting.prefix(most)
  }

  /// Takes the next lines off.
  func drop(_ count: Int) {
    waiting = waiting.dropFirst(count)
  }

  /// Says what was left out.
  ///
  /// - Throws: ``InputError`` if a line was too long.
  func finish() throws {
    if emptyCount > Self.noticeLimit { logger.warning("\(emptyCount) empty lines of standard input in all, not sent") }
    if let tooLong { throw InputError.linesTooLong(count: tooLong.count, first: tooLong.first, limit: limit) }
  }

  private func add(_ line: LineSplitter.Line, to lines: inout [[UInt8]]) {
    number += 1
    switch line {
    case .message(let message):
      lines.append(message)
    case .empty:
      emptyCount += 1
      if emptyCount <= Self.noticeLimit {
        logger.warning("line \(number) of standard input is empty, and an empty message cannot be sent: left out")
      }
    case .tooLong(let count):
      tooLong = ((tooLong?.count ?? 0) + 1, tooLong?.first ?? number)
      if let tooLong, tooLong.count <= Self.noticeLimit {
        logger.warning(
          "line \(number) of standard input has \(count) bytes, and one message carries at most \(limit): left out")
      }
    }
  }
}
