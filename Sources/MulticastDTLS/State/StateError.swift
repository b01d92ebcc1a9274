/// Why a node has no epoch to send in: what was looked at, and what to do.
public enum StateError: Error, Hashable, CustomStringConvertible {
  /// Another process on this machine runs with the same node ID and secret.
  case inUse(String)
  /// The state cannot be read or written.
  case unusable(String)
  /// The state is not what was written, so nobody knows which epochs the node has used.
  case damaged(String)
  /// Nothing tells which epochs the node has used with a secret, and it is to encrypt: nonces could repeat.
  case unknownPast(String)
  /// Another node has sent with this node's ID and secret, again and again.
  case contested(String)
  /// The last epoch has been used.
  case usedUp(String)

  /// One line for a person, with invisible characters written out.
  public var description: String {
    switch self {
    case .inUse(let reason), .unusable(let reason), .damaged(let reason), .unknownPast(let reason),
      .contested(let reason), .usedUp(let reason):
      reason.visible
    }
  }

  /// The fault alone, for who needs no epoch.
  package var fault: String {
    let text = description
    guard let end = text.firstRange(of: Self.waysOut) else {
      if case .damaged = self, let end = text.firstRange(of: ", so it is not known") {
        return String(text[..<end.lowerBound])
      }
      return text
    }
    return String(text[..<end.lowerBound].dropLast(2))
  }

  static let waysOut =
    "mend that, or give an epoch that is later than all that this node has used, if need be with another state directory"
}
