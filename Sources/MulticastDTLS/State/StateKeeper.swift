import Dispatch
import Logging
import Synchronization

/// Keeps a node's state under one secret while it runs: hands out its epochs, and remembers how far the others have been
/// heard.
///
/// 1. At the start: take the lock, and read what is there.
/// 2. Before the node sends with the secret: judge whether it may (see ``StartRule``).
/// 3. Hand out an epoch when the node begins to send, and whenever one is used up; it is on disk before it is used.
/// 4. The receive loop hands in what it has heard; it is written on a queue of its own, since a slow disk must hold up
///    nobody who receives.
/// 5. Once a second: look whether the files are still there.
/// 6. When the node stops: write what was heard last, and give the lock back.
final class StateKeeper: Sendable {
  /// How far the others had been heard when the node was started.
  let heardBefore: [MemberID: Position]
  /// Where the state is; nil if none is kept.
  let path: String?

  private let identity: Identity
  private let directory: StateDirectory?
  private let kept: Mutex<Kept>
  private let current: Mutex<Epoch>
  /// What was handed in and is not written yet.
  private let waiting = Mutex<[MemberID: Position]?>(nil)
  private let queue = DispatchQueue(label: "mcast-peer.state")
  private let log: NoticeLog

  /// When so few epochs are left, it is said at each start.
  private static let fewEpochs = 1000

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

  private struct Kept {
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
    /// No earlier epoch is handed out.
    var earliest: Epoch?
    /// True if the node went on at the start by a state that was there.
    var isSound = false
    /// True if the files have been away while this process ran: who knows what else was.
    var wasAway = false
    /// Whether all of the state is on disk.
    var isWritten = true
    /// True if it is known, and said, that the files cannot be put back.
    var isLost = false
    /// The way to choose the epoch to hand out next.
    var choice = Choice.next

    /// The epoch after the last; nil if there is none left.
    var next: Epoch? {
      guard let epoch = state.epoch else { return earliest ?? .first }
      return epoch.next.map { max($0, earliest ?? $0) }
    }

    enum Choice {
      case next
      /// The epoch that the user gave.
      case given(Epoch)
      /// One at a distance.
      case leap
    }
  }

  /// The first epoch to hand out.
  enum Beginning {
    /// The one after the last that was used.
    case next
    /// The one that the user gave.
    case given(Epoch)
    /// The one after the last that was used, and not before the one that the user gave.
    case atLeast(Epoch)
    /// None: the node only listens, and does without a state that it cannot have.
    case never

    var given: Epoch? {
      switch self {
      case .next, .never: nil
      case .given(let epoch), .atLeast(let epoch): epoch
      }
    }
  }

  /// Opens the state. With an epoch given, one that cannot be read or written is warned of and done without.
  ///
  /// - Parameters:
  ///   - directory: Where the state is; nil keeps none, and then an epoch must be given.
  ///   - mayReplaceDamaged: Whether the given epoch is the user's answer to a state that is damaged.
  ///   - known: What this process knows besides, since it has had this key before.
  /// - Throws: ``StateError`` if another process holds the state, or it cannot be used.
  init(
    directory: StateDirectory?,
    beginning: Beginning,
    mayReplaceDamaged: Bool = true,
    identity: Identity,
    known: NodeState = NodeState(),
    log: NoticeLog
  ) throws(StateError) {
    self.identity = identity
    self.directory = directory
    self.log = log
    var kept = Kept(state: NodeState())
    do throws(StateError) {
      guard let directory else { throw .unusable("there is no state directory: \(StateError.waysOut)") }
      kept.file = try StateFile(in: directory, keyID: identity.keyID, member: identity.member)
      kept.mark = Self.mark(in: directory, identity, log)
      if let found = try kept.file?.read() {
        (kept.state, kept.isCopy, kept.wasThere) = (found.state, found.isCopy, true)
      }
      kept.wasHeard = directory.hasHeard(identity.member, keyID: identity.keyID)
    } catch {
      switch (error, beginning) {
      case (.unusable(let reason), .given), (.unusable(let reason), .atLeast):
        // An epoch that is not remembered could be given again: only where nothing is kept is that the user's to know.
        let isThere =
          directory.flatMap { try? StateFile.read(in: $0, keyID: identity.keyID, member: identity.member) } != nil
        if isThere, identity.isEncrypting { throw .unusable(reason) }
        // Unless it is as the user wants it.
        if directory != nil { log.log(.warning, reason) }
      case (.damaged(let reason), .given(let given)) where mayReplaceDamaged,
        (.damaged(let reason), .atLeast(let given)) where mayReplaceDamaged:
        log.log(.warning, reason)
        // On disk before anything else happens, or the next start would begin with 1.
        kept.state.epoch = given.previous
        do throws(StateError) { try kept.file?.replaceDamaged(by: kept.state) } catch { log.log(.warning, "\(error)") }
      case (.unusable, .never), (.damaged, .never):
        // What was heard is all that it would be for; and what is damaged stays for who sends with it.
        kept.file = nil
        if directory != nil { log.log(.warning, "what is heard is not remembered: \(error.fault)") }
      default: throw error
      }
    }
    kept.state.merge(known)
    switch beginning {
    case .next, .never:
      break
    case .atLeast(let epoch):
      kept.earliest = epoch
    case .given(let epoch):
      try Self.check(epoch, after: kept.state, isCopy: kept.isCopy, identity, log)
      kept.choice = .given(epoch)
    }
    path = kept.file?.path
    heardBefore = kept.state.heard
    current = Mutex(beginning.given ?? kept.state.epoch ?? .first)
    self.kept = Mutex(kept)
  }

  /// Reads the mark, and says if it cannot be used.
  private static func mark(in directory: StateDirectory, _ identity: Identity, _ log: NoticeLog) -> SecretMark? {
    let file = MarkFile(in: directory, keyID: identity.keyID)
    do {
      return try file.contents()
    } catch {
      let fault = (error as? StateError)?.fault ?? "\(error)"
      log.log(.warning, "the mark \(file.path) cannot be used, and is as if it were not there: \(fault)")
      return nil
    }
  }

  /// Checks an epoch that the user gave.
  private static func check(
    _ epoch: Epoch, after state: NodeState, isCopy: Bool, _ identity: Identity, _ log: NoticeLog
  ) throws(StateError) {
    if let last = state.epoch, epoch <= last {
      let reason = "epoch \(epoch) is not later than \(last), which this node has used with key ID \(identity.keyID)"
      guard !identity.isEncrypting else {
        throw .unusable("\(reason): it would repeat nonces, and so break the encryption; leave the epoch out")
      }
      log.log(.warning, "\(reason): the others refuse it; leave the epoch out")
    } else if identity.isEncrypting, state.epoch == nil || !state.isComplete || isCopy {
      log.log(
        .warning,
        "nothing tells whether node \(identity.member) has used epoch \(epoch) with key ID \(identity.keyID) before: if it "
          + "has, nonces repeat, and what was sent in both can be read; be sure, or change the secret")
    }
  }

  /// Judges whether the node may send with the secret, and says what a person should know of that. Without a call of this,
  /// none is handed out but a given epoch.
  ///
  /// - Parameters:
  ///   - voucher: What vouches for a node that has no state.
  ///   - isStart: Whether the process begins with this secret.
  /// - Throws: ``StateError/unknownPast(_:)`` if nonces could repeat.
  func begin(_ voucher: StartRule.Voucher, isStart: Bool) throws(StateError) {
    let found = kept.withLock { $0 }
    let remarks = StartRemarks(identity, found.state, found.mark, directory: directory)
    if case .given = found.choice {
      if let remark = remarks.otherGroup { log.log(.warning, remark) }
      // The user knows better.
      return kept.withLock { $0.isCopy = false }
    }
    let verdict = judge(found, voucher)
    if let refusal = remarks.refusal(verdict) { throw .unknownPast(refusal) }
    for (level, text) in remarks.remarks(verdict, voucher, isStart: isStart, wasThere: found.wasThere) {
      log.log(level, text)
    }
    kept.withLock { kept in
      kept.choice = [.leapFromCopy, .leapAgainstWord].contains(verdict) ? .leap : .next
      kept.isCopy = false
      kept.isSound = isStart && verdict == .goOn
      // Without encryption nobody has thought of nonces when they said that the node is new.
      let isVouchedFor = identity.isEncrypting || voucher != .user
      if isVouchedFor, [.beginAsNew, .leapAgainstWord].contains(verdict) { kept.state.isComplete = true }
    }
  }

  /// Takes note that the node has not sent with this secret, if that is so, for the time when it is to.
  func vouch(_ voucher: StartRule.Voucher) {
    note { kept in
      guard !kept.state.isComplete, judge(kept, voucher) == .beginAsNew else { return false }
      kept.state.isComplete = true
      return true
    }
  }

  /// Takes note, where there is no state yet, whether the node may have sent with this secret: it has not, if its state of another
  /// secret is as it should be; otherwise nobody knows, now or later.
  func vouch(beside other: StateKeeper) {
    let isVouchedFor = other.isInUse && other.kept.withLock(\.isSound)
    note { kept in
      guard !kept.wasThere, kept.mark?.isNew(identity.member) != true else { return false }
      if isVouchedFor, judge(kept, .running) == .beginAsNew { kept.state.isComplete = true }
      return true
    }
  }

  /// Changes what is kept, and writes it if the body says so.
  private func note(_ body: (inout Kept) -> Bool) {
    let failure = kept.withLock { kept -> StateError? in
      guard body(&kept) else { return nil }
      do throws(StateError) { try write(&kept) } catch { return error }
      return nil
    }
    if let failure { log.log(.warning, "\(failure)") }
  }

  private func judge(_ kept: Kept, _ voucher: StartRule.Voucher) -> StartRule.Verdict {
    StartRule.judge(
      StartRule.Found(state: kept.state, isCopy: kept.isCopy, mark: kept.mark, wasHeard: kept.wasHeard),
      of: identity.member,
      voucher: voucher, isEncrypting: identity.isEncrypting)
  }

  /// True if the node has sent with the secret, and its files are where they were made, and have been all the time.
  var isInUse: Bool {
    kept.withLock { $0.state.isComplete && $0.state.epoch != nil && !$0.wasAway && $0.file?.place == .kept }
  }

  /// What is kept, whether it could be written or not.
  var state: NodeState {
    kept.withLock { $0.state }
  }

  /// The earliest epoch that may be handed out next; nil if there is none left.
  var nextEpoch: Epoch? {
    kept.withLock { kept in
      if case .given(let epoch) = kept.choice { return epoch }
      return kept.next
    }
  }

  /// The epoch that was handed out last.
  var epoch: Epoch {
    current.withLock { $0 }
  }

  /// Hands out an epoch: the one that was given at first, and otherwise one that no start of this node has had. It is on
  /// disk when this returns; if it was given, it may also be written later, once that can be done.
  ///
  /// - Throws: ``StateError`` if there is none, or it cannot be written.
  func takeEpoch() throws(StateError) -> Epoch {
    let epoch = try kept.withLock { kept -> Result<Epoch, StateError> in
      let (former, choice) = (kept.state, kept.choice)
      let next: Epoch? =
        switch choice {
        case .given(let epoch): epoch
        case .next: kept.next
        case .leap: .leap(past: [former.epoch, kept.earliest?.previous].compactMap(\.self).max())
        }
      guard let taken = next else {
        return .failure(.usedUp("\(identity.text) has used all 65535 epochs: the group needs a new secret"))
      }
      kept.choice = .next
      kept.state.epoch = max(taken, former.epoch ?? taken)
      kept.state.group = identity.group ?? former.group
      if case .given = choice, identity.isEncrypting { kept.state.isComplete = true }
      do throws(StateError) {
        try write(&kept)
        try mark(&kept)
      } catch {
        let isForgetful = identity.isEncrypting && kept.wasThere
        guard case .given = choice, !isForgetful else {
          // It was not used, and is there for the next attempt.
          (kept.state, kept.choice) = (former, choice)
          return .failure(.unusable("\(error); \(StateError.waysOut)"))
        }
        log.log(.warning, "epoch \(taken) is not remembered, so give a later one at the next start: \(error)")
      }
      return .success(taken)
    }.get()
    current.withLock { $0 = epoch }
    let left = Int(Epoch.last.rawValue - epoch.rawValue)
    if left == 0 {
      log.log(.warning, "\(identity.text) is in its last epoch: before its next start the group needs a new secret")
    } else if left < Self.fewEpochs {
      log.log(.warning, "\(identity.text) has \(left) epochs left: the group needs a new secret soon")
    }
    return epoch
  }

  /// Hands out an epoch at a distance after one in which somebody else has sent with our ID. It is on disk when this returns.
  ///
  /// - Throws: ``StateError`` as ``takeEpoch()`` does.
  func takeEpoch(farPast heard: Epoch) throws(StateError) -> Epoch {
    kept.withLock { kept in
      kept.state.epoch = max(heard, kept.state.epoch ?? heard)
      kept.choice = .leap
    }
    return try takeEpoch()
  }

  /// Takes note that somebody else has sent with our ID in an epoch, which is not ours to use then.
  func skip(past heard: Epoch) {
    kept.withLock { kept in
      guard kept.state.epoch.map({ $0 < heard }) ?? true else { return }
      kept.state.epoch = heard
      do throws(StateError) { try write(&kept) } catch { log.log(.warning, "\(error)") }
    }
  }

  /// Takes note of how far the others have been heard, and has it written soon.
  func save(_ heard: [MemberID: Position]) {
    guard path != nil else {
      // Nothing to wait for; but the key may be dropped, and come back.
      kept.withLock { $0.state.heard.merge(heard) { $1 } }
      return
    }
    let isFirst = waiting.withLock { waiting in
      defer { waiting = heard }
      return waiting == nil
    }
    // If one waits already, the disk is slow: it will write this instead.
    if isFirst { queue.async { [self] in writeWaiting() } }
  }

  /// Looks, soon, whether the files are where they were made, and puts them back if not.
  ///
  /// - Parameter whenLost: Is told, once, that another process has taken the state meanwhile.
  func look(whenLost: @escaping @Sendable (StateError) -> Void) {
    guard path != nil else { return }
    queue.async { [self] in
      if let error = putBack() { whenLost(error) }
    }
  }

  /// Writes what was handed in, and gives the lock back: the node must not send any more. Again changes nothing.
  func finish() {
    queue.sync {
      _ = putBack()
      writeWaiting()
    }
    kept.withLock { $0.file = nil }
  }

  /// Writes what was handed in, and returns when that is done.
  func flush() {
    queue.sync { writeWaiting() }
  }

  private func writeWaiting() {
    let heard = waiting.withLock { $0.take() } ?? [:]
    let failure = kept.withLock { kept -> StateError? in
      let before = kept.state
      // Those that were not heard since the start stay as they were.
      kept.state.heard.merge(heard) { $1 }
      guard !kept.isWritten || kept.state != before else { return nil }
      let wasWritten = kept.isWritten
      do throws(StateError) {
        try write(&kept)
        return nil
      } catch {
        // It is tried again whenever there is something new, and said once.
        return wasWritten ? error : nil
      }
    }
    if let failure {
      log.log(.warning, "what was heard cannot be kept, so after a restart it could be accepted again: \(failure)")
    }
  }

  private func write(_ kept: inout Kept) throws(StateError) {
    guard let file = kept.file else { return }
    kept.isWritten = false
    // As long as nobody has judged it, what is a copy stays one.
    try file.write(kept.state, isCopy: kept.isCopy)
    kept.isWritten = true
  }

  /// Has the mark name the node, once it is about to send.
  private func mark(_ kept: inout Kept) throws(StateError) {
    guard let directory, kept.file != nil, kept.mark?.nodes.contains(identity.member) != true else { return }
    let file = MarkFile(in: directory, keyID: identity.keyID)
    do {
      try file.add(identity.member, former: kept.mark)
      kept.mark = file.read()
    } catch {
      throw .unusable("cannot write the mark \(file.path): \(error)")
    }
  }
}

// The files while the node runs.
extension StateKeeper {
  /// - Returns: That another process has the state now, the first time that it is seen.
  private func putBack() -> StateError? {
    kept.withLock { kept -> StateError? in
      guard let directory, let file = kept.file else { return nil }
      do throws(StateError) {
        switch file.place {
        case .kept:
          return nil
        case .stateLost:
          kept.wasAway = true
        case .lockLost:
          kept.wasAway = true
          kept.file = try StateFile(in: directory, keyID: identity.keyID, member: identity.member)
        }
        try write(&kept)
        // The mark may have gone the same way.
        kept.mark?.nodes.remove(identity.member)
        if kept.state.epoch != nil { try mark(&kept) }
        kept.isLost = false
        log.log(
          .warning,
          "the state of \(identity.text) was removed or replaced while the node runs: it was written anew, in \(file.path)"
        )
        return nil
      } catch {
        guard !kept.isLost else { return nil }
        kept.isLost = true
        let text = "the state of \(identity.text) was removed while the node runs, and cannot be written anew: \(error)"
        log.log(.warning, text)
        if case .inUse = error { return .inUse(text) }
        return nil
      }
    }
  }
}
