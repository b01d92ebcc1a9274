/// Decides whether a node may begin to send with a secret, and after which epoch, by what is known of what it has sent.
///
/// 1. A state that is there and complete: the next epoch. If its file is a copy, it may be older than what the node has sent:
///    an epoch at a distance that nobody guesses.
/// 2. None, and something vouches that the node is new: the first epoch.
/// 3. None, and the secret comes while the node runs: that is no proof, but nobody is there to ask. An epoch past all that it
///    has likely used.
/// 4. None, and nothing vouches: without encryption the first epoch; with it, nonces could repeat, so no start.
enum StartRule {
  /// The facts on disk.
  struct Found {
    var state: NodeState
    /// True if the state's file is a copy of the one that was written.
    var isCopy = false
    /// The mark of the secret, if there is one.
    var mark: SecretMark?
    /// True if another node's state says that this one was heard, here or elsewhere.
    var wasHeard = false
  }

  /// The voucher for a node that has no state.
  enum Voucher {
    case nothing
    /// Somebody has said that it is a new node.
    case user
    /// The node runs, with a state that is in order, and gets a secret that it did not have.
    case running
  }

  /// The decision.
  enum Verdict: Hashable {
    /// Go on after the last epoch.
    case goOn
    /// Begin in the first epoch: the node is new.
    case beginAsNew
    /// The same, but the node may have been there before.
    case beginUnsure
    /// Begin in the first epoch, though a state was lost: without encryption the others refuse it, and that is all.
    case beginAgain
    /// Begin past all epochs that the node has likely used: it may be new.
    case beginFar
    /// Go on at a distance, since the state is a copy.
    case leapFromCopy
    /// The same, since somebody says that the node is new, and it is not.
    case leapAgainstWord
    /// Do not start: a state was lost.
    case refuseLost
    /// Do not start: nothing is known of the node.
    case refuseUnknown
  }

  /// Judges what was found.
  static func judge(_ found: Found, of member: MemberID, voucher: Voucher, isEncrypting: Bool) -> Verdict {
    let state = found.state
    if state.epoch != nil, state.isComplete || !isEncrypting { return found.isCopy ? .leapFromCopy : .goOn }
    let wasHere = state.epoch != nil || found.mark?.nodes.contains(member) == true || found.wasHeard
    if state.isComplete, !found.isCopy, !wasHere { return .beginAsNew }
    if wasHere { return voucher == .user ? .leapAgainstWord : isEncrypting ? .refuseLost : .beginAgain }
    if voucher == .user || found.mark?.isNew(member) == true { return .beginAsNew }
    guard isEncrypting else { return .beginUnsure }
    return voucher == .running ? .beginFar : .refuseUnknown
  }
}
