/// The texts that explain a decision of ``StartRule``. Pure.
struct StartWarnings {
  private let member: MemberID
  private let keyID: KeyID
  private let isEncrypting: Bool
  private let group: String?
  private let state: MemberState
  private let mark: SecretMark?
  private let place: String

  init(_ identity: StateKeeper.Identity, _ state: MemberState, _ mark: SecretMark?, directory: StateDirectory?) {
    (member, keyID, isEncrypting, group) = (identity.member, identity.keyID, identity.isEncrypting, identity.group)
    (self.state, self.mark) = (state, mark)
    place = directory?.path ?? "no directory"
  }

  /// The reason that the member does not start; nil if it does.
  func refusal(_ verdict: StartRule.Verdict) -> String? {
    let found: String
    switch verdict {
    case .refuseLost where state.epoch != nil:
      return
        "\(tellsNotAll). So nothing tells which epochs it has used with encryption, and an epoch that is used twice breaks that. "
        + "If it has never encrypted with this secret, say so once, and it goes on in a later epoch; if it has ever "
        + "encrypted with this secret, change the secret, or give an epoch later than all that it has used"
    case .refuseLost:
      found = "the state of member \(member) for the secret with key ID \(keyID) is gone from \(place): \(lastUse)"
    case .refuseUnknown:
      found = "member \(member) has no state in \(place) for the secret with key ID \(keyID)"
    case .goOn, .beginAsNew, .beginUnsure, .beginAgain, .beginFar, .leapFromCopy, .leapAgainstWord:
      return nil
    }
    return
      "\(found). So nothing tells which epochs it has used, and an epoch that is used twice breaks the encryption. If it "
      + "has never sent with this secret, start it once as a new member; if it has ever sent with this secret, change the "
      + "secret, or give an epoch later than all that it has used"
  }

  /// The notices of a start that is not refused.
  ///
  /// - Parameters:
  ///   - isStart: True if the process begins with this secret.
  ///   - wasThere: True if there was a state.
  func notices(
    _ verdict: StartRule.Verdict, _ voucher: StartRule.Voucher, isStart: Bool, wasThere: Bool
  ) -> [StateNotice] {
    var notices: [StateNotice] = []
    switch verdict {
    case .refuseLost, .refuseUnknown:
      break
    case .goOn:
      if voucher == .user, isStart {
        notices.append(
          StateNotice(
            "member \(member) is not new: \(lastUse). Do not start it as a new member: then a lost state is not noticed",
            .newMember))
      }
    case .beginAsNew, .beginUnsure, .beginAgain:
      if isStart, !wasThere || verdict != .beginAsNew { notices += first(voucher) }
      if isStart, verdict == .beginAgain {
        notices.append(
          StateNotice(
            "member \(member) has no state in \(place) for the secret with key ID \(keyID), and is not new: \(lastUse). The others "
              + "refuse it in each epoch that is not later than the last that they heard: give a later one once", .epoch
          ))
      }
    case .beginFar:
      notices.append(beginsFar)
    case .leapFromCopy, .leapAgainstWord:
      notices.append(leap(verdict))
    }
    if isStart, let otherGroup { notices.append(otherGroup) }
    return notices
  }

  /// The warning about a changed group; nil if the group is the same.
  var otherGroup: StateNotice? {
    guard let former = state.group, let group, former != group else { return nil }
    return StateNotice(
      "member \(member) has sent to group \(former) with this secret before, and sends to \(group) now: records name no group, "
        + "so that a recording of one is accepted in the other. Give each group a secret of its own", .secret)
  }

  /// The line about a secret that arrives while the member runs.
  var beginsFar: StateNotice {
    StateNotice(
      "nothing here tells whether member \(member) has sent with key ID \(keyID) before: its epochs begin past 1000, at random, "
        + "where nonces are not likely to repeat", isWarning: false, .epoch)
  }

  private var tellsNotAll: String {
    "the state of member \(member) in \(place) for the secret with key ID \(keyID) does not tell all: \(lastUse) as far as it "
      + "knows, and it began without encryption, or when an earlier one was lost"
  }

  private var lastUse: String {
    if let epoch = state.epoch { return "it has sent with key ID \(keyID), in epoch \(epoch) last" }
    return mark?.members.contains(member) == true
      ? "it has sent with key ID \(keyID) from here" : "another member here has heard it with key ID \(keyID)"
  }

  private func first(_ voucher: StartRule.Voucher) -> [StateNotice] {
    let epoch = state.epoch.map { $0.next } ?? .first
    let first = StateNotice(
      "no state: first start, epoch \(epoch.map(\.description) ?? "none")", isWarning: false, .epoch)
    guard voucher == .user, isEncrypting, mark?.isNew(member) != true else { return [first] }
    return [
      first,
      StateNotice(
        "member \(member) starts as a new member, on your word: if it has ever sent with this secret, nonces repeat, and what was "
          + "sent in both can be read; then change the secret", .newMember),
    ]
  }

  /// The warning about a start in a random later epoch.
  func leap(_ verdict: StartRule.Verdict) -> StateNotice {
    let found =
      verdict == .leapFromCopy
      ? "the state of member \(member) in \(place) is a copy, from a backup or another place, or was written anew while the process ran, so it may be older than what the member "
        + "has sent"
      : state.epoch != nil ? tellsNotAll : "member \(member) is not new: \(lastUse), and its state was lost"
    let consequence =
      verdict == .leapFromCopy
      ? " If it has sent since, or another process runs with that state, nonces may repeat: change the secret"
      : " If it has used that one as well, nonces repeat: change the secret"
    return StateNotice(
      "\(found): it goes on in a later epoch, chosen at random.\(isEncrypting ? consequence : "")", .directory)
  }
}
