/// Why a node has no epoch to send in: what was looked at, and what to do.
public enum StateError: Error, Hashable, CustomStringConvertible {
  /// Another process on this machine runs with the same node ID and secret.
  case inUse(String)
  /// The state cannot be read or written.
  case unusable(String)
  /// The state is not as it was written, so nobody knows which epochs the node has used.
  case damaged(String)
  /// The epoch that was given is not later than all that the node has used.
  case usedEpoch(String)
  /// Nothing tells which epochs the node has used with a secret, and it is to encrypt: nonces could repeat.
  case unknownPast(String)
  /// Another node has sent with this node's ID and secret, again and again.
  case contested(String)
  /// The last epoch has been used.
  case usedUp(String)

  /// One line for a person, with invisible characters written out.
  public var description: String {
    switch self {
    case .inUse, .usedEpoch, .unknownPast, .contested, .usedUp: fault
    case .unusable:
      "\(fault); mend that, or give an epoch that is later than all that this node has used, if need be with another state "
        + "directory from then on"
    case .damaged:
      "\(fault), so it is not known which epochs this node has used: look for its 'epoch' line, and give an epoch once that "
        + "is later than all of them; the file is then set aside"
    }
  }

  /// The fault alone, for who needs no epoch.
  package var fault: String {
    switch self {
    case .inUse(let fault), .unusable(let fault), .damaged(let fault), .usedEpoch(let fault), .unknownPast(let fault),
      .contested(let fault), .usedUp(let fault):
      fault.visible
    }
  }
}
