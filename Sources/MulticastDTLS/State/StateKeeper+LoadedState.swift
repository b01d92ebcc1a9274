extension StateKeeper {
  /// The owner of a state, with the settings that affect it.
  struct Identity: Sendable {
    let keyID: KeyID
    let member: MemberID
    /// True if the member encrypts, so that reuse of an epoch would repeat nonces.
    let isEncrypting: Bool
    /// The group that the member sends to.
    let group: String?

    init(keyID: KeyID, member: MemberID, isEncrypting: Bool, group: String? = nil) {
      (self.keyID, self.member, self.isEncrypting, self.group) = (keyID, member, isEncrypting, group)
    }

    var text: String { "member \(member) with key ID \(keyID)" }
  }

  /// The state in memory, with the condition in which it was found.
  struct LoadedState {
    /// The lock and the file of the state; nil if none is kept, or after ``StateKeeper/finish()``.
    var file: StateFile?
    var state: MemberState
    /// True if there was a state file at the start.
    var wasThere = false
    /// True if that file was a copy of the one that was written.
    var isCopy = false
    /// True if the state of another member says that it heard this one.
    var wasHeard = false
    /// The mark of the secret, as it was found or made.
    var mark: SecretMark?
    /// The file of the mark; nil if there is no directory.
    var markFile: KnownFile?
    /// The lower bound of the epochs to hand out.
    var earliest: Epoch?
    /// True if the member continued at the start from a state on disk.
    var isSound = false
    /// True if the files were missing or replaced while this process ran: another process may have sent meanwhile.
    var wasAway = false
    /// True if all of the state is on disk.
    var isWritten = true
    /// True if the files cannot be put back, and the log says so.
    var isLost = false
    /// The way to choose the epoch to hand out next.
    var choice = Choice.next

    enum Choice {
      case next
      /// The epoch that the user gave.
      case given(Epoch)
      /// A random later epoch (see ``Epoch/leap(past:)``).
      case leap
      /// An epoch past all that the member has likely used (see ``Epoch/far(past:)``).
      case far
    }

    /// The epoch after the last; nil if there is none left.
    var next: Epoch? {
      guard let epoch = state.epoch else { return earliest ?? .first }
      return epoch.next.map { max($0, earliest ?? $0) }
    }

    /// Takes over the state found on disk. Needs the mark first.
    mutating func take(_ found: StateFile.Found, of member: MemberID) {
      (state, wasThere) = (found.state, true)
      // An earlier version knew no marks: if a mark names the member, that state is older.
      isCopy = found.isCopy || found.isFormer && mark?.members.contains(member) == true
    }

    /// Chooses the epoch to hand out next; nil if there is none left.
    private func chosen() -> Epoch? {
      switch choice {
      case .given(let epoch): epoch
      case .next: isCopy ? .leap(past: last) : next
      case .leap: .leap(past: last)
      case .far: .far(past: last)
      }
    }

    /// The last epoch that must not be handed out.
    private var last: Epoch? { [state.epoch, earliest?.previous].compactMap(\.self).max() }

    /// Records, for the time when the member sends with the secret, that it is new or the epoch past which it begins.
    ///
    /// - Returns: False if nothing was recorded.
    mutating func note(_ verdict: StartRule.Verdict) -> Bool {
      switch verdict {
      case .beginAsNew: break
      case .beginFar:
        guard let far = Epoch.far(past: last) else { return false }
        state.epoch = far
      default: return false
      }
      state.isComplete = true
      return true
    }

    /// Decides if the member may send with the secret.
    func verdict(for identity: Identity, _ voucher: StartRule.Voucher) -> StartRule.Verdict {
      StartRule.decide(
        StartRule.Found(state: state, isCopy: isCopy, mark: mark, wasHeard: wasHeard),
        of: identity.member, voucher: voucher, isEncrypting: identity.isEncrypting)
    }

    /// Writes the state, if there is a file for it.
    mutating func write(in directory: StateDirectory?) throws(StateError) {
      guard let file, let directory else { return }
      isWritten = false
      try directory.exclusively { () throws(StateError) in
        try takeOver(file)
        try file.write(state, isCopy: isCopy)
      }
      isWritten = true
    }

    /// Chooses an epoch and writes it to disk; nil if there is none left.
    mutating func reserveEpoch(_ identity: Identity, in directory: StateDirectory?) throws(StateError) -> Epoch? {
      guard let file, let directory else { return take(identity) }
      isWritten = false
      let epoch = try directory.exclusively { () throws(StateError) -> Epoch? in
        try takeOver(file)
        if state.epoch == nil { try checkMark(identity, in: directory) }
        let former = self
        guard let epoch = take(identity) else { return nil }
        do throws(StateError) {
          try file.write(state, isCopy: isCopy)
        } catch {
          // The epoch was not used: the next attempt may have it.
          self = former
          throw error
        }
        // If somebody removed the lock, another process may have read the former state.
        guard file.place == .kept else { throw StateFile.lockLost(file.path) }
        return epoch
      }
      isWritten = true
      try nameInMark(identity, in: directory)
      return epoch
    }

    /// Checks again that the member is new, since another process may have started as the same member meanwhile.
    private func checkMark(_ identity: Identity, in directory: StateDirectory) throws(StateError) {
      guard identity.isEncrypting, mark?.members.contains(identity.member) != true,
        MarkFile(in: directory, keyID: identity.keyID).read()?.members.contains(identity.member) == true
      else { return }
      throw .unusable("another process has begun as \(identity.text) meanwhile: start this one again")
    }

    /// Chooses the next epoch and records it in memory.
    private mutating func take(_ identity: Identity) -> Epoch? {
      guard let epoch = chosen() else { return nil }
      state.epoch = max(epoch, state.epoch ?? epoch)
      state.group = identity.group ?? state.group
      if case .given = choice {
        // Without encryption the user has not considered nonces. A given epoch does not turn a copy into a sound state:
        // it holds for one start.
        if identity.isEncrypting { state.isComplete = true }
      } else {
        isCopy = false
      }
      choice = .next
      return epoch
    }

    /// Notices that the state file is not the known one: then another process may have sent meanwhile.
    private mutating func takeOver(_ file: StateFile) throws(StateError) {
      switch file.place {
      case .kept:
        // In a directory of hard links, another process may have marked it as a copy.
        if !isCopy, let found = (try? file.read()) ?? nil, found.isCopy { replace(file) }
      case .stateLost: replace(file)
      case .lockLost: throw StateFile.lockLost(file.path)
      }
    }

    /// Merges the state that is now in the place of the known one, if it can be read.
    mutating func replace(_ file: StateFile) {
      (wasAway, isCopy) = (true, true)
      // The known file may come back from the place that it was moved to.
      file.outdate()
      if let found = (try? file.read()) ?? nil { state.merge(found.state) }
    }

    /// Adds the member to the mark, once it is about to send.
    mutating func nameInMark(_ identity: Identity, in directory: StateDirectory?) throws(StateError) {
      guard let directory, file != nil, mark?.members.contains(identity.member) != true else { return }
      let file = MarkFile(in: directory, keyID: identity.keyID)
      try file.add(identity.member, former: mark)
      mark = file.read()
      markFile?.outdate()
      markFile?.remember()
    }
  }
}
