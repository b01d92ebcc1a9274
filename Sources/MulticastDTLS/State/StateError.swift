/// Why a node has no epoch to send in: what was looked at, and what to do.
public enum StateError: Error, Hashable, CustomStringConvertible {
  /// Another process on this machine runs with the same node ID and secret.
  case inUse(String)
  /// The state cannot be read, understood or written.
  case unusable(String)
  /// The last epoch has been used.
  case usedUp(String)

  /// One line for a person.
  public var description: String {
    switch self {
    case .inUse(let reason), .unusable(let reason), .usedUp(let reason): reason
    }
  }

  static let waysOut = "use another state directory, or give an epoch that is later than all that this node has used"
}
