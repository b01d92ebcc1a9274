/// The reason to reject a message before any of it is sent.
enum SendError: Error, Hashable, CustomStringConvertible {
  /// The message has no bytes; wolfSSL makes no record for it.
  case empty
  /// The message has more bytes than one record can carry.
  case tooLong(count: Int, limit: Int)
  /// The peer was stopped.
  case stopped
  /// The peer only listens: it has no member ID, or is set to listen.
  case listening

  /// Checks the size of a message.
  static func check(_ count: Int, limit: Int) throws(SendError) {
    guard count > 0 else { throw .empty }
    guard count <= limit else { throw .tooLong(count: count, limit: limit) }
  }

  /// One line for a person.
  var description: String {
    switch self {
    case .empty: "an empty message cannot be sent: give it at least one byte"
    case .tooLong(let count, let limit): "a message of \(count) bytes is too long: one record carries at most \(limit)"
    case .stopped: "the peer has been stopped: make another one"
    case .listening: "this peer only listens: to send, give it a member ID, and do not set it to listen"
    }
  }
}
