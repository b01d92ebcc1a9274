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
  let heardBefore: [MemberID: ReplayPosition]
  /// Where the state is; nil if none is kept.
  let path: String?

  let identity: Identity
  let directory: StateDirectory?
  let kept: Mutex<Kept>
  /// What was handed in and is not written yet.
  let waiting = Mutex<[MemberID: ReplayPosition]?>(nil)
  let queue = DispatchQueue(label: "mcast-peer.state")
  let log: BackgroundLog

  private let current: Mutex<Epoch>

  /// When so few epochs are left, it is said at each start.
  private static let fewEpochs = 1000

  /// Opens the state. With an epoch given, one that cannot be read or written is warned of and done without.
  ///
  /// - Parameters:
  ///   - directory: The place of the state; nil keeps none, and then an epoch must be given.
  ///   - beginning: The first epoch to hand out.
  ///   - mayReplaceDamaged: True if the given epoch is the user's answer to a state that is damaged.
  ///   - identity: The node and its secret.
  ///   - known: What this process knows besides, since it has had this key before.
  ///   - log: Is told what a person should know of it.
  /// - Throws: ``StateError`` if another process holds the state, or it cannot be used.
  init(
    directory: StateDirectory?,
    beginning: EpochPolicy,
    mayReplaceDamaged: Bool = true,
    identity: Identity,
    known: NodeState = NodeState(),
    log: BackgroundLog
  ) throws(StateError) {
    (self.identity, self.directory, self.log) = (identity, directory, log)
    var kept = try Self.open(directory, beginning, mayReplaceDamaged: mayReplaceDamaged, identity, log)
    // A file was given all that this process knows: if it is gone, or older, nobody knows what else was sent.
    if kept.file != nil, let epoch = known.epoch, kept.state.epoch.map({ $0 < epoch }) ?? true { kept.isCopy = true }
    let wasComplete = kept.state.isComplete
    kept.state.merge(known)
    if kept.file != nil, known.epoch == nil { kept.state.isComplete = wasComplete }
    switch beginning {
    case .next, .never:
      break
    case .atLeast(let epoch):
      kept.earliest = epoch
    case .given(let epoch):
      try Self.check(epoch, after: kept, identity, log)
      kept.choice = .given(epoch)
    }
    path = kept.file?.path
    heardBefore = kept.state.heard
    current = Mutex(beginning.given ?? kept.state.epoch ?? .first)
    self.kept = Mutex(kept)
  }

  /// Judges whether the node may send with the secret, and says what a person should know of that. Without a call of this,
  /// none is handed out but a given epoch.
  ///
  /// - Parameters:
  ///   - voucher: What vouches for a node that has no state.
  ///   - isStart: True if the process begins with this secret.
  /// - Throws: ``StateError/unknownPast(_:)`` if nonces could repeat.
  func begin(_ voucher: StartRule.Voucher, isStart: Bool) throws(StateError) {
    let found = kept.withLock { $0 }
    let remarks = StartWarnings(identity, found.state, found.mark, directory: directory)
    if case .given = found.choice {
      if let remark = remarks.otherGroup { log.log(.warning, remark) }
      // The user knows better.
      return
    }
    let verdict = found.verdict(for: identity, voucher)
    if let refusal = remarks.refusal(verdict) { throw .unknownPast(refusal) }
    for (level, text) in remarks.remarks(verdict, voucher, isStart: isStart, wasThere: found.wasThere) {
      log.log(level, text)
    }
    kept.withLock { kept in
      kept.choice =
        switch verdict {
        case .leapFromCopy, .leapAgainstWord: .leap
        case .beginFar: .far
        default: .next
        }
      kept.isSound = isStart && verdict == .goOn
      // Without encryption nobody has thought of nonces when they said that the node is new.
      let isVouchedFor = identity.isEncrypting || voucher != .user
      if isVouchedFor, [.beginAsNew, .beginFar, .leapAgainstWord].contains(verdict) { kept.state.isComplete = true }
    }
  }

  /// Takes note that the secret has come to a node that runs, for the time when it sends with it.
  func vouch() {
    note { kept in !kept.state.isComplete && kept.note(verdictOnRunning(kept)) }
  }

  private func verdictOnRunning(_ kept: Kept) -> StartRule.Verdict {
    let verdict = kept.verdict(for: identity, .running)
    if verdict == .beginFar {
      log.log(.info, StartWarnings(identity, kept.state, kept.mark, directory: directory).beginsFar)
    }
    return verdict
  }

  /// Takes note, where there is no state yet, whether the node may have sent with this secret: it has not, if its state of another
  /// secret is as it should be; otherwise nobody knows, now or later.
  func vouch(beside other: StateKeeper) {
    let isVouchedFor = other.isInUse && other.kept.withLock(\.isSound)
    note { kept in
      guard !kept.wasThere, kept.mark?.isNew(identity.member) != true else { return false }
      if isVouchedFor { _ = kept.note(verdictOnRunning(kept)) }
      return true
    }
  }

  /// Changes what is kept, and writes it if the body says so.
  private func note(_ body: (inout Kept) -> Bool) {
    let failure = kept.withLock { kept -> StateError? in
      guard body(&kept) else { return nil }
      do throws(StateError) { try kept.write(in: directory) } catch { return error }
      return nil
    }
    if let failure { log.log(.warning, "\(failure.fault)") }
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
  func reserveEpoch() throws(StateError) -> Epoch {
    let epoch = try kept.withLock { kept -> Result<Epoch, StateError> in
      let choice = kept.choice
      do throws(StateError) {
        guard let epoch = try kept.reserveEpoch(identity, in: directory) else {
          return .failure(
            .usedUp(
              "\(identity.text) has used all 65535 epochs, or too many to choose one at random: the group "
                + "needs a new secret"))
        }
        return .success(epoch)
      } catch {
        // By the files that are there, the next start would take the epoch for unused.
        let isForgetful = identity.isEncrypting && (kept.wasThere || kept.mark?.isNew(identity.member) == true)
        guard case .given(let epoch) = choice, !isForgetful else { return .failure(error) }
        log.log(.warning, "epoch \(epoch) is not remembered, so give a later one at the next start: \(error.fault)")
        kept.choice = .next
        kept.state.epoch = max(epoch, kept.state.epoch ?? epoch)
        return .success(epoch)
      }
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
  /// - Throws: ``StateError`` as ``reserveEpoch()`` does.
  func reserveEpoch(farPast heard: Epoch) throws(StateError) -> Epoch {
    kept.withLock { kept in
      kept.state.epoch = max(heard, kept.state.epoch ?? heard)
      kept.choice = .leap
    }
    return try reserveEpoch()
  }

  /// Takes note that somebody else has sent with our ID in an epoch, which is not ours to use then.
  func skip(past heard: Epoch) {
    kept.withLock { kept in
      guard kept.state.epoch.map({ $0 < heard }) ?? true else { return }
      kept.state.epoch = heard
      do throws(StateError) { try kept.write(in: directory) } catch { log.log(.warning, "\(error.fault)") }
    }
  }
}
