import CommonSupport

/// The answer of a running peer to `status --of`: the verdict, the document and the table, each behind the other.
///
/// 1. A line with 1 if the report is complete, else 0.
/// 2. A line with the JSON document.
/// 3. The table, and a line with a dot, which ends the answer.
///
/// The asking process prints one of them as it is, so that it needs no parser for what another version may have written.
struct StatusAnswer: Equatable {
  let isComplete: Bool
  let json: String
  let table: String

  init(_ report: StatusReport) {
    isComplete = report.isComplete
    json = String(decoding: report.json, as: UTF8.self)
    table = StatusTable(report: report).text
  }

  /// Reads an answer, whose sender root may not trust: control characters are escaped.
  ///
  /// - Returns: Nil if it is no answer.
  init?(bytes: [UInt8]) {
    guard let text = String(validating: bytes, as: UTF8.self), text.hasSuffix(Self.end) else { return nil }
    let lines = text.dropLast(Self.end.count).split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
    guard lines.count == 3, lines[0] == "0" || lines[0] == "1", lines[1].hasPrefix("{"), lines[1].hasSuffix("}") else {
      return nil
    }
    isComplete = lines[0] == "1"
    json = String(lines[1]).visible
    table = lines[2].split(separator: "\n", omittingEmptySubsequences: false).map { String($0).visible }
      .joined(separator: "\n")
  }

  /// The bytes of the answer.
  var bytes: [UInt8] { Array("\(isComplete ? 1 : 0)\n\(json)\n\(table)\(Self.end)".utf8) }

  /// The end of an answer: one without it was cut.
  private static let end = "\n.\n"
}
