import Dispatch
import Logging
import Synchronization

/// Keeps the state of a member under one secret while it runs: hands out epochs, and remembers replay positions.
///
/// 1. At the start: take the lock, and read the state.
/// 2. Before the member sends with the secret: decide if it may (see ``StartRule``).
/// 3. When the member begins to send, and whenever an epoch is used up: hand out an epoch. It is on disk before it is
///    used.
/// 4. The receive loop hands in replay positions. A separate queue writes them, so that a slow disk does not block the
///    receive thread.
/// 5. Once a second: check that the files are still there.
/// 6. When the member stops: write the last positions, and release the lock.
final class StateKeeper: Sendable {
  /// The replay positions of the others when the member started.
  let heardBefore: [MemberID: ReplayPosition]
  /// The path of the state; nil if none is kept.
  let path: String?

  /// The time since which this member is known to have the secret, in seconds since 1970: of its first state, which
  /// restarts keep, else of this start.
  let heldSince: Int

  let identity: Identity
  let directory: StateDirectory?
  let kept: Mutex<LoadedState>
  /// The positions that were handed in and are not written yet.
  let waiting = Mutex<[MemberID: ReplayPosition]?>(nil)
  let queue = DispatchQueue(label: "mcast-peer.state")
  let report: StateNotice.Reporter

  private let current: Mutex<Epoch>

  /// With fewer epochs left than this, each start logs a warning.
  private static let fewEpochs = 1000

  /// Opens the state. With a given epoch, a state that cannot be read or written is logged, and none is kept.
  ///
  /// - Parameters:
  ///   - directory: The directory of the state; nil keeps none, and then an epoch must be given.
  ///   - beginning: The first epoch to hand out.
  ///   - mayReplaceDamaged: True if the given epoch is the user's answer to a damaged state.
  ///   - identity: The member and its secret.
  ///   - known: The state that this process has in memory, if it has had this key before.
  ///   - report: Receives the notices.
  /// - Throws: ``StateError`` if another process holds the state, or it cannot be used.
  init(
    directory: StateDirectory?,
    beginning: EpochPolicy,
    mayReplaceDamaged: Bool = true,
    identity: Identity,
    known: MemberState = MemberState(),
    report: @escaping StateNotice.Reporter
  ) throws(StateError) {
    self.identity = identity
    self.directory = directory
    self.report = report
    var kept = try Self.open(directory, beginning, mayReplaceDamaged: mayReplaceDamaged, identity, report)
    // Every epoch of this process went to the file. If the file is gone or older, another process may have sent since.
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
      try Self.check(epoch, after: kept, identity, report)
      kept.choice = .given(epoch)
    }
    path = kept.file?.path
    heldSince = kept.file?.birth.map { Int($0.seconds) } ?? BootInstant.now.unixTime
    heardBefore = kept.state.heard
    current = Mutex(beginning.given ?? kept.state.epoch ?? .first)
    self.kept = Mutex(kept)
  }

  /// Decides if the member may send with the secret, and logs the warnings. Before this call only a given epoch is
  /// handed out.
  ///
  /// - Parameters:
  ///   - voucher: The reason to believe that a member without a state is new.
  ///   - isStart: True if the process begins with this secret.
  /// - Throws: ``StateError/unknownPast(_:)`` if nonces could repeat.
  func begin(_ voucher: StartRule.Voucher, isStart: Bool) throws(StateError) {
    let found = kept.withLock { $0 }
    let remarks = StartWarnings(identity, found.state, found.mark, directory: directory)
    if case .given = found.choice {
      if let notice = remarks.otherGroup { report(notice) }
      // The given epoch overrides the rule.
      return
    }
    let verdict = found.verdict(for: identity, voucher)
    if let refusal = remarks.refusal(verdict) { throw .unknownPast(refusal) }
    for notice in remarks.notices(verdict, voucher, isStart: isStart, wasThere: found.wasThere) { report(notice) }
    kept.withLock { kept in
      kept.choice =
        switch verdict {
        case .leapFromCopy, .leapAgainstWord: .leap
        case .beginFar: .far
        default: .next
        }
      kept.isSound = isStart && verdict == .goOn
      // A user who says that the member is new, without encryption, has not considered nonces.
      let isVouchedFor = identity.isEncrypting || voucher != .user
      if isVouchedFor, [.beginAsNew, .beginFar, .leapAgainstWord].contains(verdict) { kept.state.isComplete = true }
    }
  }

  /// Records that the secret has arrived while the member runs, for the time when the member sends with it.
  func vouch() {
    note { kept in !kept.state.isComplete && kept.note(verdictOnRunning(kept)) }
  }

  private func verdictOnRunning(_ kept: LoadedState) -> StartRule.Verdict {
    let verdict = kept.verdict(for: identity, .running)
    if verdict == .beginFar {
      report(StartWarnings(identity, kept.state, kept.mark, directory: directory).beginsFar)
    }
    return verdict
  }

  /// Records, if there is no state yet, that the member is new under this secret, provided that its state of another
  /// secret is sound. Otherwise its past under this secret stays unknown for good.
  func vouch(beside other: StateKeeper) {
    let isVouchedFor = other.isInUse && other.kept.withLock(\.isSound)
    note { kept in
      guard !kept.wasThere, kept.mark?.isNew(identity.member) != true else { return false }
      if isVouchedFor { _ = kept.note(verdictOnRunning(kept)) }
      return true
    }
  }

  /// Changes the state in memory, and writes it if the body returns true.
  private func note(_ body: (inout LoadedState) -> Bool) {
    let failure = kept.withLock { kept -> StateError? in
      guard body(&kept) else { return nil }
      do throws(StateError) { try kept.write(in: directory) } catch { return error }
      return nil
    }
    if let failure { report(StateNotice(failure.fault, .directory)) }
  }

  /// True if the member has sent with the secret, and its files have never been missing or replaced.
  var isInUse: Bool {
    kept.withLock { $0.state.isComplete && $0.state.epoch != nil && !$0.wasAway && $0.file?.place == .kept }
  }

  /// The state in memory, on disk or not.
  var state: MemberState {
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

  /// Hands out an epoch: first the given one, then epochs that no start of this member has used.
  ///
  /// The epoch is on disk when this returns. A given epoch may also be written later, once that is possible.
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
        // The files on disk would let the next start use this epoch again.
        let isForgetful = identity.isEncrypting && (kept.wasThere || kept.mark?.isNew(identity.member) == true)
        guard case .given(let epoch) = choice, !isForgetful else { return .failure(error) }
        report(
          StateNotice("epoch \(epoch) is not remembered, so give a later one at the next start: \(error.fault)", .epoch)
        )
        kept.choice = .next
        kept.state.epoch = max(epoch, kept.state.epoch ?? epoch)
        return .success(epoch)
      }
    }.get()
    current.withLock { $0 = epoch }
    let left = Int(Epoch.last.rawValue - epoch.rawValue)
    if left == 0 {
      report(
        StateNotice(
          "\(identity.text) is in its last epoch: before its next start the group needs a new secret", .secret))
    } else if left < Self.fewEpochs {
      report(StateNotice("\(identity.text) has \(left) epochs left: the group needs a new secret soon", .secret))
    }
    return epoch
  }

  /// Hands out a random epoch past one in which another sender has used our ID. It is on disk when this returns.
  ///
  /// - Throws: ``StateError`` as ``reserveEpoch()`` does.
  func reserveEpoch(farPast heard: Epoch) throws(StateError) -> Epoch {
    kept.withLock { kept in
      kept.state.epoch = max(heard, kept.state.epoch ?? heard)
      kept.choice = .leap
    }
    return try reserveEpoch()
  }

  /// Records an epoch in which another sender has used our ID, so that this member does not use it.
  func skip(past heard: Epoch) {
    kept.withLock { kept in
      guard kept.state.epoch.map({ $0 < heard }) ?? true else { return }
      kept.state.epoch = heard
      do throws(StateError) { try kept.write(in: directory) } catch { report(StateNotice(error.fault, .directory)) }
    }
  }
}
