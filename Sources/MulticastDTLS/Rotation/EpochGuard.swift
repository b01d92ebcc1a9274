import Dispatch
import Synchronization

/// Looks after the epochs of a node that encrypts while it runs: another node that sends with its ID and secret, such as a
/// clone of it, uses the same nonces.
///
/// 1. The receive loop tells of an authentic record with our ID that we did not send, of our epoch or a later one.
/// 2. On a queue of its own, since the disk must not hold up the loop: no record leaves, until a later epoch is on disk, at a
///    distance that another node does not choose as well.
/// 3. The third time in an hour, and wherever that cannot be done, the node sends no more.
final class EpochGuard: Sendable {
  private let ring: ActiveKeyRing
  private let sending: GroupTransmitter
  private let local: LocalMember
  private let log: NoticeLog
  private let onFailure: @Sendable () -> Void
  private let queue = DispatchQueue(label: "mcast-peer.epochs")
  /// The latest epoch of each key that was heard and not dealt with yet.
  private let waiting = Mutex<[KeyID: (epoch: Epoch, source: Endpoint)]>([:])
  private let contests = Mutex(ContestCount())

  /// - Parameter onFailure: Is called once the node sends no more.
  init(
    _ ring: ActiveKeyRing, _ sending: GroupTransmitter, _ local: LocalMember, _ log: NoticeLog,
    onFailure: @escaping @Sendable () -> Void
  ) {
    self.ring = ring
    self.sending = sending
    self.local = local
    self.log = log
    self.onFailure = onFailure
  }

  /// Takes note of an authentic record with our ID that we did not send. Returns at once.
  func heard(_ keyID: KeyID, _ epoch: Epoch, from source: Endpoint, now: BootInstant) {
    guard local.isEncrypted else { return }
    let isFirst = waiting.withLock { waiting in
      defer {
        if waiting[keyID].map({ $0.epoch < epoch }) ?? true { waiting[keyID] = (epoch, source) }
      }
      return waiting.isEmpty
    }
    // If something waits already, this is dealt with together with it.
    if isFirst { queue.async { [self] in answer(now: now) } }
  }

  /// Takes note that another process has our state.
  func lost(_ error: StateError) {
    if local.isEncrypted { fail(error) }
  }

  private func answer(now: BootInstant) {
    let heard = waiting.withLock { waiting in
      defer { waiting = [:] }
      return waiting
    }
    for (keyID, contest) in heard {
      if sending.sends(with: keyID, notAfter: contest.epoch) {
        leave(contest.epoch, keyID, contest.source, now: now)
      } else {
        // When the node comes to send with that key, it begins later.
        ring.keys.first { $0.keyID == keyID }?.keeper.skip(past: contest.epoch)
      }
    }
  }

  private func leave(_ epoch: Epoch, _ keyID: KeyID, _ source: Endpoint, now: BootInstant) {
    let member = local.ownID
    guard contests.withLock({ $0.admits(now: now) }) else {
      return fail(
        .contested(
          "another node sends with our node ID\(member) and secret, at \(source) now, for the third time in an hour: this "
            + "one sends no more. Nonces were repeated, or may be: change the secret, and give each node an ID of its own"
        ))
    }
    do {
      guard let (from, next) = try sending.abandon(epoch, keyID: keyID) else { return }
      log.say(.cloned(source, heard: epoch, from: from, next: next), local)
    } catch {
      fail(
        .contested(
          "another node, at \(source), sends with our node ID\(member) and secret in epoch \(epoch), and this one cannot go "
            + "on in a later one: \((error as? StateError)?.fault ?? "\(error)"). Nonces were repeated, or may be: change the secret"
        ))
    }
  }

  private func fail(_ error: StateError) {
    sending.fail(error)
    guard sending.failure == error else { return }
    log.log.log(.critical, "\(error)")
    onFailure()
  }
}

/// Counts how often an epoch was contested: twice in an hour are borne. Pure.
struct ContestCount {
  private static let period = Duration.seconds(3600)
  private static let borne = 2

  private var times: [BootInstant] = []

  /// Takes note of another time, and says whether it is one that is borne.
  mutating func admits(now: BootInstant) -> Bool {
    times = times.filter { $0.duration(to: now) < Self.period }
    times.append(now)
    return times.count <= Self.borne
  }
}
