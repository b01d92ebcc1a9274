internal import CommonSupport

/// The reason that a member has no epoch to send in, with the facts and a remedy.
public enum StateError: Error, Hashable, CustomStringConvertible {
  /// Another process on this machine runs with the same member ID and secret.
  case inUse(String)
  /// The state cannot be read or written.
  case unusable(String)
  /// The state is damaged, so the epochs that the member has used are unknown.
  case damaged(String)
  /// The given epoch is not later than all that the member has used.
  case usedEpoch(String)
  /// Nothing tells which epochs the member has used with a secret, and it encrypts: nonces could repeat.
  case unknownPast(String)
  /// Another sender has repeatedly used this member's ID and secret.
  case contested(String)
  /// The member has used the last epoch.
  case usedUp(String)

  /// One line for a person, with invisible characters escaped.
  public var description: String {
    switch self {
    case .inUse, .usedEpoch, .unknownPast, .contested, .usedUp: fault
    case .unusable:
      "\(fault); mend that, or give an epoch that is later than all that this member has used, if need be with another state "
        + "directory from then on"
    case .damaged:
      "\(fault), so it is not known which epochs this member has used: look for its 'epoch' line, and give an epoch once that "
        + "is later than all of them; the file is then set aside"
    }
  }

  /// The fault without the advice on epochs, for callers that need none.
  public var fault: String {
    switch self {
    case .inUse(let fault), .unusable(let fault), .damaged(let fault), .usedEpoch(let fault), .unknownPast(let fault),
      .contested(let fault), .usedUp(let fault):
      fault.visible
    }
  }
}
