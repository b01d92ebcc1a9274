import Dispatch
import Logging
import Synchronization

/// Keeps a node's state while it runs: hands out its epochs, and remembers how far the others have been heard.
///
/// 1. At the start: take the lock, and read what is there.
/// 2. Hand out an epoch when the node begins to send, and whenever one is used up; it is on disk before it is used.
/// 3. The receive loop hands in what it has heard, at most once a second; it is written on a queue of its own, since a
///    slow disk must hold up nobody who receives.
/// 4. When the node stops: write what was heard last, and give the lock back.
final class StateKeeper: Sendable {
  /// How far the others had been heard when the node was started.
  let heardBefore: [MemberID: Position]
  /// Where the state is; nil if none is kept.
  let path: String?

  private let node: String
  private let kept: Mutex<Kept>
  private let current: Mutex<Epoch>
  /// What was handed in and is not written yet.
  private let waiting = Mutex<[MemberID: Position]?>(nil)
  private let queue = DispatchQueue(label: "mcast-peer.state")
  private let log: NoticeLog

  /// When so few epochs are left, it is said at each start.
  private static let fewEpochs = 1000

  private struct Kept {
    /// The lock, and where the state goes; nil if there is no lock, or not any more.
    var file: StateFile?
    var state: NodeState
    /// Whether all of the state is on disk.
    var isWritten = true
    /// The epoch that the user gave, until it is taken.
    var given: Epoch?

    /// The epoch to hand out next.
    var next: Epoch? { given ?? (state.epoch.map { $0.next } ?? .first) }
  }

  /// The first epoch to hand out.
  enum Beginning {
    /// The one after the last that was used.
    case next
    /// The one that the user gave.
    case given(Epoch)
    /// The one after the last that was used, and not before the one that the user gave.
    case atLeast(Epoch)

    var given: Epoch? {
      switch self {
      case .next: nil
      case .given(let epoch), .atLeast(let epoch): epoch
      }
    }
  }

  /// Opens the state. With an epoch given, one that cannot be read or written is warned of and done without.
  ///
  /// - Parameters:
  ///   - directory: Where the state is; nil keeps none, and then an epoch must be given.
  ///   - mayReplaceDamaged: Whether the given epoch is the user's answer to a state that is damaged.
  ///   - isEncrypting: Whether nonces depend on it that no epoch is used twice. Then an epoch that is known to have been
  ///     used is refused, and one that is not known to be new is warned of.
  ///   - known: What this process knows besides, since it has had this key before.
  /// - Throws: ``StateError`` if another process holds the state, or it cannot be used.
  init(
    directory: StateDirectory?,
    beginning: Beginning,
    mayReplaceDamaged: Bool = true,
    keyID: KeyID,
    member: MemberID,
    isEncrypting: Bool,
    known: NodeState = NodeState(),
    log: NoticeLog
  ) throws(StateError) {
    var file: StateFile?
    var state = NodeState()
    var isKnownWhatWasUsed = true
    do throws(StateError) {
      guard let directory else { throw .unusable("there is no state directory: \(StateError.waysOut)") }
      file = try StateFile(in: directory, keyID: keyID, member: member)
      state = try file?.read() ?? state
      isKnownWhatWasUsed = state.epoch != nil
    } catch {
      isKnownWhatWasUsed = false
      switch (error, beginning.given) {
      case (.unusable(let reason), .some):
        // Unless it is as the user wants it.
        if directory != nil { log.log(.warning, reason) }
      case (.damaged(let reason), let given?) where mayReplaceDamaged:
        log.log(.warning, reason)
        // On disk before anything else happens, or the next start would begin with 1.
        state.epoch = given.previous
        do throws(StateError) { try file?.replaceDamaged(by: state) } catch { log.log(.warning, "\(error)") }
      default: throw error
      }
    }
    state.merge(known)
    switch beginning {
    case .next:
      break
    case .atLeast(let epoch):
      let before = state
      state.merge(NodeState(epoch: epoch.previous))
      if state != before { do throws(StateError) { try file?.write(state) } catch { log.log(.warning, "\(error)") } }
    case .given(let epoch):
      if let last = state.epoch, epoch <= last {
        let reason = "epoch \(epoch) is not later than \(last), which this node has used with key ID \(keyID)"
        guard !isEncrypting else {
          throw .unusable("\(reason): it would repeat nonces, and so break the encryption; leave the epoch out")
        }
        log.log(.warning, "\(reason): the others refuse it; leave the epoch out")
      } else if isEncrypting, !isKnownWhatWasUsed {
        log.log(
          .warning,
          "nothing tells whether node \(member) has used epoch \(epoch) with key ID \(keyID) before: if it has, nonces "
            + "repeat, and what was sent in both can be read; be sure, or leave the epoch out")
      }
    }
    path = file?.path
    heardBefore = state.heard
    node = "node \(member) with key ID \(keyID)"
    self.log = log
    let given: Epoch? = if case .given(let epoch) = beginning { epoch } else { nil }
    current = Mutex(given ?? state.epoch ?? .first)
    kept = Mutex(Kept(file: file, state: state, given: given))
  }

  /// What is kept, whether it could be written or not.
  var state: NodeState {
    kept.withLock { $0.state }
  }

  /// The epoch to hand out next; nil if there is none left.
  var nextEpoch: Epoch? {
    kept.withLock { $0.next }
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
      let next = kept.next
      let given = kept.given.take()
      guard let taken = next else {
        return .failure(.usedUp("\(node) has used all 65535 epochs: the group needs a new secret"))
      }
      let former = kept.state.epoch
      kept.state.epoch = max(taken, former ?? taken)
      do throws(StateError) {
        try write(&kept)
      } catch {
        guard given != nil else {
          // It was not used, and is there for the next attempt.
          kept.state.epoch = former
          return .failure(.unusable("\(error); \(StateError.waysOut)"))
        }
        log.log(.warning, "epoch \(taken) is not remembered, so give a later one at the next start: \(error)")
      }
      return .success(taken)
    }.get()
    current.withLock { $0 = epoch }
    let left = Int(Epoch.last.rawValue - epoch.rawValue)
    if left == 0 {
      log.log(.warning, "\(node) is in its last epoch: before its next start the group needs a new secret")
    } else if left < Self.fewEpochs {
      log.log(.warning, "\(node) has \(left) epochs left: the group needs a new secret soon")
    }
    return epoch
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

  /// Writes what was handed in, and gives the lock back: the node must not send any more. Again changes nothing.
  func finish() {
    flush()
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
    try file.write(kept.state)
    kept.isWritten = true
  }
}
