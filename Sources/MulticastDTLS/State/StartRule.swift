/// Decides from the state on disk if a member may begin to send with a secret, and in which epoch.
///
/// 1. A complete state: the next epoch. If its file is a copy, the member may have sent since: a random later epoch.
/// 2. No state, and a voucher that the member is new: the first epoch.
/// 3. No state, and the secret arrives while the member runs: this proves nothing, but nobody is there to ask. An epoch
///    past all that the member has likely used.
/// 4. No state and no voucher: the first epoch without encryption. With encryption nonces could repeat, so no start.
enum StartRule {
  /// The facts on disk.
  struct Found {
    var state: MemberState
    /// True if the state file is a copy of the one that was written.
    var isCopy = false
    /// The mark of the secret, if there is one.
    var mark: SecretMark?
    /// True if the state of another member here says that it heard this one, wherever this one ran.
    var wasHeard = false
  }

  /// The reason to believe that a member without a state is new.
  enum Voucher {
    case nothing
    /// The user has said that the member is new.
    case user
    /// The member runs with a sound state, and receives a secret that it did not have.
    case running
  }

  /// The decision.
  enum Verdict: Hashable {
    /// Continue after the last epoch.
    case goOn
    /// Begin in the first epoch: the member is new.
    case beginAsNew
    /// Begin in the first epoch, although the member may have sent before.
    case beginUnsure
    /// Begin in the first epoch, although a state was lost. Without encryption the only harm is that the others reject
    /// it.
    case beginAgain
    /// Begin past all epochs that the member has likely used: it may be new.
    case beginFar
    /// Continue in a random later epoch, since the state is a copy.
    case leapFromCopy
    /// Continue in a random later epoch, since the user says that the member is new, and it is not.
    case leapAgainstWord
    /// Refuse to start: a state was lost.
    case refuseLost
    /// Refuse to start: nothing is known of the member.
    case refuseUnknown
  }

  /// Decides from the facts found.
  static func decide(_ found: Found, of member: MemberID, voucher: Voucher, isEncrypting: Bool) -> Verdict {
    let state = found.state
    if state.epoch != nil, state.isComplete || !isEncrypting { return found.isCopy ? .leapFromCopy : .goOn }
    let wasHere = state.epoch != nil || found.mark?.members.contains(member) == true || found.wasHeard
    if state.isComplete, !found.isCopy, !wasHere { return .beginAsNew }
    if wasHere { return voucher == .user ? .leapAgainstWord : isEncrypting ? .refuseLost : .beginAgain }
    if voucher == .user || found.mark?.isNew(member) == true { return .beginAsNew }
    guard isEncrypting else { return .beginUnsure }
    return voucher == .running ? .beginFar : .refuseUnknown
  }
}
