/// An error of standard input: unreadable, or not fit for messages.
enum InputError: Error, CustomStringConvertible {
  case unreadable(String)
  /// Some lines exceeded the payload limit; the others were sent.
  case linesTooLong(count: Int, first: Int, limit: Int)
  /// `--datagram` read no bytes.
  case empty
  /// `--datagram` read more bytes than one message carries.
  case tooLong(count: Int, limit: Int)

  var description: String {
    switch self {
    case .unreadable(let reason): "cannot read standard input: \(reason)"
    case .linesTooLong(let count, let first, let limit):
      "skipped \(count) line\(count == 1 ? "" : "s") of standard input, the first at line \(first): a message carries at "
        + "most \(limit) bytes"
    case .empty: "standard input is empty: a message needs at least 1 byte"
    case .tooLong(let count, let limit):
      "standard input has \(count) bytes, a message carries at most \(limit): nothing was sent"
    }
  }
}
