extension StateKeeper {
  /// Whose state it is, and what depends on it.
  struct Identity: Sendable {
    let keyID: KeyID
    let member: MemberID
    /// True if nonces depend on it that no epoch is used twice.
    let isEncrypting: Bool
    /// The group that the node sends to.
    let group: String?

    init(keyID: KeyID, member: MemberID, isEncrypting: Bool, group: String? = nil) {
      (self.keyID, self.member, self.isEncrypting, self.group) = (keyID, member, isEncrypting, group)
    }

    var text: String { "node \(member) with key ID \(keyID)" }
  }

  /// The state, and how it was found.
  struct Kept {
    /// The lock, and where the state goes; nil if there is no lock, or not any more.
    var file: StateFile?
    var state: NodeState
    /// True if there was a file at the start.
    var wasThere = false
    /// True if that was a copy of the one that was written.
    var isCopy = false
    /// True if the state of another node says that this one was heard.
    var wasHeard = false
    /// The mark of the secret, as it was found or made.
    var mark: SecretMark?
    /// Its file; nil if there is no directory.
    var markFile: KnownFile?
    /// No earlier epoch is handed out.
    var earliest: Epoch?
    /// True if the node went on at the start by a state that was there.
    var isSound = false
    /// True if the files have been away while this process ran: who knows what else was.
    var wasAway = false
    /// True if all of the state is on disk.
    var isWritten = true
    /// True if it is known, and said, that the files cannot be put back.
    var isLost = false
    /// The way to choose the epoch to hand out next.
    var choice = Choice.next

    enum Choice {
      case next
      /// The epoch that the user gave.
      case given(Epoch)
      /// One at a distance.
      case leap
      /// One past all that the node has likely used.
      case far
    }

    /// The epoch after the last; nil if there is none left.
    var next: Epoch? {
      guard let epoch = state.epoch else { return earliest ?? .first }
      return epoch.next.map { max($0, earliest ?? $0) }
    }

    /// Takes over what was found on disk; the mark must be known by then.
    mutating func take(_ found: StateFile.Found, of member: MemberID) {
      (state, wasThere) = (found.state, true)
      // A former version knew no marks: where one names the node, that state is older.
      isCopy = found.isCopy || found.isFormer && mark?.nodes.contains(member) == true
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

    /// Notes down that the node is new, or where it is to begin, for the time when it sends with the secret; false if the
    /// verdict tells nothing of that.
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

    /// Judges whether the node may send with the secret.
    func verdict(for identity: Identity, _ voucher: StartRule.Voucher) -> StartRule.Verdict {
      StartRule.judge(
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

    /// Chooses an epoch and writes it down; nil if there is none left.
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
          // It was not used, and is there for the next attempt.
          self = former
          throw error
        }
        // Another process, for which the lock was removed meanwhile, may have read the former state.
        guard file.place == .kept else { throw StateFile.lockLost(file.path) }
        return epoch
      }
      isWritten = true
      try nameInMark(identity, in: directory)
      return epoch
    }

    /// Looks once more whether the node is new, since another process may have been it while this one waited.
    private func checkMark(_ identity: Identity, in directory: StateDirectory) throws(StateError) {
      guard identity.isEncrypting, mark?.nodes.contains(identity.member) != true,
        MarkFile(in: directory, keyID: identity.keyID).read()?.nodes.contains(identity.member) == true
      else { return }
      throw .unusable("another process has begun as \(identity.text) meanwhile: start the node again")
    }

    /// Takes note of the epoch that is chosen.
    private mutating func take(_ identity: Identity) -> Epoch? {
      guard let epoch = chosen() else { return nil }
      state.epoch = max(epoch, state.epoch ?? epoch)
      state.group = identity.group ?? state.group
      if case .given = choice {
        // Without encryption nobody has thought of nonces. And if what was found is a copy, the word is for one start.
        if identity.isEncrypting { state.isComplete = true }
      } else {
        isCopy = false
      }
      choice = .next
      return epoch
    }

    /// Notices that the state's file is another than this process knows: then nobody knows what else was sent.
    private mutating func takeOver(_ file: StateFile) throws(StateError) {
      switch file.place {
      case .kept:
        // In a directory of hard links, another process may have made it a copy.
        if !isCopy, let found = (try? file.read()) ?? nil, found.isCopy { replace(file) }
      case .stateLost: replace(file)
      case .lockLost: throw StateFile.lockLost(file.path)
      }
    }

    /// Takes what is in the place of the former state, if it can be read.
    mutating func replace(_ file: StateFile) {
      (wasAway, isCopy) = (true, true)
      // It may come back from where it was moved to.
      file.outdate()
      if let found = (try? file.read()) ?? nil { state.merge(found.state) }
    }

    /// Has the mark name the node, once it is about to send.
    mutating func nameInMark(_ identity: Identity, in directory: StateDirectory?) throws(StateError) {
      guard let directory, file != nil, mark?.nodes.contains(identity.member) != true else { return }
      let file = MarkFile(in: directory, keyID: identity.keyID)
      try file.add(identity.member, former: mark)
      mark = file.read()
      markFile?.outdate()
      markFile?.remember()
    }
  }
}
