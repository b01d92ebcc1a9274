/// Standard input cannot be sent as it is.
enum InputError: Error, CustomStringConvertible {
  /// It cannot be read.
  case unreadable(String)
  /// Some lines were longer than a message can be; the others were sent.
  case linesTooLong(count: Int, first: Int, limit: Int)
  /// As one message it is empty.
  case empty
  /// It is longer than one message can be.
  case tooLong(count: Int, limit: Int)

  /// One line for a person.
  var description: String {
    switch self {
    case .unreadable(let reason): "cannot read standard input: \(reason)"
    case .linesTooLong(let count, let first, let limit):
      "\(count) line\(count == 1 ? "" : "s") of standard input, the first of them line \(first), not sent: one message "
        + "carries at most \(limit) bytes"
    case .empty: "standard input is empty, and an empty message cannot be sent"
    case .tooLong(let count, let limit):
      "standard input has \(count) bytes, and one message carries at most \(limit): nothing was sent"
    }
  }
}
