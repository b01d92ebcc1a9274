import Dispatch
import Logging
import Synchronization

/// Keeps a node's state while it runs: hands out its epochs, and remembers how far the others have been heard.
///
/// 1. At the start: take the lock, read what is there, and take an epoch; it is on disk before anything is sent in it.
/// 2. The receive loop hands in what it has heard, at most once a second; it is written on a queue of its own, since a
///    slow disk must hold up nobody who receives.
/// 3. When the node stops: write what was heard last, and give the lock back.
final class StateKeeper: Sendable {
  /// How far the others had been heard when the node was started.
  let heardBefore: [MemberID: Position]
  /// Where the state is; nil if none is kept.
  let path: String?

  private let node: String
  private let kept: Mutex<Kept>
  /// What was handed in and is not written yet.
  private let waiting = Mutex<[MemberID: Position]?>(nil)
  private let queue = DispatchQueue(label: "mcast-peer.state")
  private let logger: Logger

  private struct Kept {
    /// Where it is on disk; nil if it is not, or not any more.
    var file: StateFile?
    /// What is on disk, if anything is.
    var state: NodeState
    /// The epoch that the node sends in.
    var epoch: Epoch
    var isFailing = false
  }

  /// Opens the state and takes an epoch.
  ///
  /// - Parameters:
  ///   - directory: Where the state is; nil keeps none, and then the epoch must be given.
  ///   - epoch: The epoch to send in; nil takes the one after the last that was used.
  /// - Throws: ``StateError`` if another process holds the state, or there is no epoch to be had.
  init(
    directory: StateDirectory?,
    epoch: Epoch?,
    keyID: KeyID,
    member: MemberID,
    logger: Logger
  ) throws(StateError) {
    var state = NodeState()
    do throws(StateError) {
      guard let directory else { throw .unusable("there is no state directory: \(StateError.waysOut)") }
      let opened = try StateFile(in: directory, keyID: keyID, member: member)
      state = try opened.read() ?? state
      let last = state.epoch
      if let epoch, let last, epoch <= last {
        logger.warning("epoch \(epoch) may repeat numbers: this node has used epochs up to \(last) already")
      }
      guard let taken = epoch ?? (last.map { $0.next } ?? .first) else {
        throw Self.usedUp(node: "node \(member) with key ID \(keyID)")
      }
      state.epoch = max(taken, last ?? taken)
      try opened.write(state)
      kept = Mutex(Kept(file: opened, state: state, epoch: taken))
      path = opened.path
    } catch {
      // The user has said which epoch to use: then the state can be done without, unless somebody else uses it.
      guard case .unusable(let reason) = error, let epoch else { throw error }
      if directory != nil { logger.warning("\(reason)") }
      state = NodeState()
      kept = Mutex(Kept(file: nil, state: state, epoch: epoch))
      path = nil
    }
    node = "node \(member) with key ID \(keyID)"
    self.logger = logger
    heardBefore = state.heard
  }

  /// The epoch that the node sends in.
  var epoch: Epoch {
    kept.withLock { $0.epoch }
  }

  /// Takes the next epoch, which is on disk when this returns.
  ///
  /// - Throws: ``StateError`` if there is none, or it cannot be written.
  func takeNextEpoch() throws(StateError) -> Epoch {
    // Not by withLock: what it throws would lose its type.
    try kept.withLock { kept -> Result<Epoch, StateError> in
      guard let next = max(kept.epoch, kept.state.epoch ?? kept.epoch).next else {
        return .failure(Self.usedUp(node: node))
      }
      var state = kept.state
      state.epoch = next
      do throws(StateError) {
        try kept.file?.write(state)
      } catch {
        return .failure(error)
      }
      kept.state = state
      kept.epoch = next
      return .success(next)
    }.get()
  }

  /// Takes note of how far the others have been heard, and has it written soon.
  func save(_ heard: [MemberID: Position]) {
    guard path != nil else { return }
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
    guard let heard = waiting.withLock({ $0.take() }) else { return }
    kept.withLock { kept in
      guard let file = kept.file else { return }
      var state = kept.state
      // Those that were not heard since the start stay as they were.
      state.heard.merge(heard) { $1 }
      guard state != kept.state else { return }
      do {
        try file.write(state)
        kept.state = state
        kept.isFailing = false
      } catch {
        if !kept.isFailing {
          logger.warning("what was heard cannot be kept, so after a restart it could be accepted again: \(error)")
        }
        kept.isFailing = true
      }
    }
  }

  private static func usedUp(node: String) -> StateError {
    .usedUp("\(node) has used all 65535 epochs: the group needs a new secret")
  }
}
