import Logging

/// Reads messages from the lines of standard input. Skips lines that no message can carry, and logs that.
final class InputLines {
  private let input: StandardInput
  private let presentLimit: () -> Int
  private let logger: Logger
  private var splitter: LineSplitter
  /// The largest payload when the last lines were asked for.
  private var limit: Int
  /// Lines that were read and not sent yet.
  private var waiting: ArraySlice<(number: Int, message: [UInt8])> = []
  private var isAtEnd = false
  private var number = 0
  private var empty: (count: Int, first: Int)?
  private var tooLong: (count: Int, first: Int)?

  /// The most lines that are too long and get a log line each.
  private static let noticeLimit = 3

  /// - Parameters:
  ///   - largest: The largest payload that any message can have, in bytes.
  ///   - limit: Returns the largest payload of a message now, which another secret can change.
  init(_ input: StandardInput, largest: Int, limit: @escaping () -> Int, logger: Logger) {
    self.input = input
    presentLimit = limit
    self.limit = limit()
    self.logger = logger
    splitter = LineSplitter(limit: largest)
  }

  /// The next lines, from one to `count`; nil at the end. Returns the same lines again until ``drop(_:)`` removes them.
  ///
  /// - Throws: `CancellationError` if the task is cancelled; ``InputError`` if standard input cannot be read.
  func next(atMost count: Int) async throws -> ArraySlice<[UInt8]>? {
    takeLimit()
    while waiting.isEmpty {
      if isAtEnd { return nil }
      let bytes = try await input.read()
      takeLimit()
      waiting = []
      unsafe bytes.withUnsafeBytes { bytes in
        unsafe splitter.take(bytes) { add($0) }
      }
      if bytes.isEmpty {
        isAtEnd = true
        if let last = splitter.finish() { add(last) }
      }
    }
    return waiting.prefix(count).map(\.message)[...]
  }

  /// Takes the limit of now, and skips the lines that fitted when they were read, before another secret.
  private func takeLimit() {
    let former = limit
    limit = presentLimit()
    guard limit < former else { return }
    for line in waiting where line.message.count > limit { skip(line.number, line.message.count) }
    waiting = waiting.filter { $0.message.count <= limit }[...]
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

  private func add(_ line: LineSplitter.Line) {
    number += 1
    switch line {
    case .message(let message) where message.count <= limit:
      waiting.append((number, message))
    case .message(let message):
      skip(number, message.count)
    case .empty:
      empty = ((empty?.count ?? 0) + 1, empty?.first ?? number)
    case .tooLong(let count):
      skip(number, count)
    }
  }

  private func skip(_ number: Int, _ count: Int) {
    tooLong = ((tooLong?.count ?? 0) + 1, tooLong?.first ?? number)
    if let tooLong, tooLong.count <= Self.noticeLimit {
      logger.warning(
        "line \(number) of standard input has \(count) bytes, a message carries at most \(limit): skipped")
    }
  }
}
