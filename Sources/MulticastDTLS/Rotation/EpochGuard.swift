import Dispatch
import Synchronization

/// Guards the epochs of a member that encrypts: another process with its ID and secret, such as a clone, uses the same
/// nonces.
///
/// 1. The receive loop reports an authentic record with our ID that we did not send, in our epoch or a later one.
/// 2. On a queue of its own, since the disk must not block the loop: no record leaves until a later epoch is on disk, at a
///    random distance that another process does not choose as well.
/// 3. The third time in an hour, and if that fails, the member no longer sends.
///
/// In a signed group, a record of our epoch may lack our signature: any member can make it, but a second process with our ID
/// and another identity makes such ones as well. So the epoch is left, once for each key: often enough that two processes do
/// not share one, and too seldom to use the epochs up.
final class EpochGuard: Sendable {
  private let ring: ActiveKeyRing
  private let sending: GroupTransmitter
  private let local: LocalMember
  private let reporter: EventReporter
  private let queue = DispatchQueue(label: "mcast-peer.epochs")
  /// The queue that waits for changes of the ring, which may wait for the disk: the key in use must not wait for them.
  private let changes = DispatchQueue(label: "mcast-peer.epochs.changes")
  /// The latest epoch of each key that was heard and not answered yet.
  private let waiting = Mutex<[KeyID: (epoch: Epoch, source: Endpoint)]>([:])
  private let contests = Mutex(ContestCount())
  /// The keys whose epoch was left, or is about to be, because of a record without our signature.
  private let doubted = Mutex<Set<KeyID>>([])

  init(
    _ ring: ActiveKeyRing, _ sending: GroupTransmitter, _ local: LocalMember, _ reporter: EventReporter
  ) {
    self.ring = ring
    self.sending = sending
    self.local = local
    self.reporter = reporter
  }

  /// Takes an authentic record with our ID that we did not send. Returns at once.
  func heard(_ contest: Receiver.Contest, now: BootInstant) {
    guard local.isEncrypted else { return }
    guard contest.isCertain else { return doubt(contest) }
    let (keyID, epoch) = (contest.keyID, contest.epoch)
    let isFirst = waiting.withLock { waiting in
      defer {
        if waiting[keyID].map({ $0.epoch < epoch }) ?? true { waiting[keyID] = (epoch, contest.source) }
      }
      return waiting.isEmpty
    }
    // The answer to the first one also covers this one.
    if isFirst { queue.async { [self] in answer(now: now) } }
  }

  private func doubt(_ contest: Receiver.Contest) {
    guard doubted.withLock({ $0.insert(contest.keyID).inserted }) else { return }
    queue.async { [self] in
      let text =
        "\(contest.source) sends with our member ID\(ownID) in our epoch \(contest.epoch), and does not sign with our key: another "
        + "member speaks in our name, or a second process has this ID and another identity. Then nonces were repeated: change "
        + "the secret, and give each process an ID of its own"
      do {
        guard let (_, next) = try sending.abandon(contest.epoch, keyID: contest.keyID) else {
          return _ = doubted.withLock { $0.remove(contest.keyID) }
        }
        reporter.report(.state(StateNotice("\(text). This peer continues in epoch \(next)", .secret)))
      } catch {
        // Any member could stop this one if it failed here.
        let fault = (error as? StateError)?.fault ?? "\(error)"
        reporter.report(.state(StateNotice("\(text). This peer cannot continue in a later epoch: \(fault)", .secret)))
      }
    }
  }

  private var ownID: String { local.member.map { " \($0)" } ?? "" }

  /// Stops sending, since another process has our state.
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
        changes.async { [self] in answerUnused(keyID, contest.epoch, contest.source, now: now) }
      }
    }
  }

  /// Answers a contest under a key that this member does not send with, or not yet: a change of the ring may be under way.
  private func answerUnused(_ keyID: KeyID, _ epoch: Epoch, _ source: Endpoint, now: BootInstant) {
    ring.betweenChanges { keys in
      if sending.sends(with: keyID, notAfter: epoch) {
        leave(epoch, keyID, source, now: now)
      } else {
        // If this member ever sends with that key, it begins later.
        keys.first { $0.keyID == keyID }?.keeper.skip(past: epoch)
      }
    }
  }

  private func leave(_ epoch: Epoch, _ keyID: KeyID, _ source: Endpoint, now: BootInstant) {
    guard contests.withLock({ $0.admits(now: now) }) else {
      return fail(
        .contested(
          "another process sends with our member ID\(ownID) and secret, at \(source) now, for the third time in an hour: this "
            + "one stops sending. Nonces were repeated, or may be: change the secret, and give each member an ID of its own"
        ))
    }
    do {
      guard let (from, next) = try sending.abandon(epoch, keyID: keyID) else { return }
      reporter.report(.cloned(from: source, heard: epoch, left: from, next: next))
    } catch {
      fail(
        .contested(
          "another process, at \(source), sends with our member ID\(ownID) and secret in epoch \(epoch), and this one cannot "
            + "continue in a later one: \((error as? StateError)?.fault ?? "\(error)"). Nonces were repeated, or may be: change the secret"
        ))
    }
  }

  private func fail(_ error: StateError) {
    sending.fail(error)
    guard sending.failure == error else { return }
    reporter.report(.failed(error))
  }
}

/// Counts contested epochs, and tolerates two in an hour. Pure.
struct ContestCount {
  private static let period = Duration.seconds(3600)
  private static let tolerated = 2

  private var times: [BootInstant] = []

  /// Counts a contest, and returns true if it is tolerated.
  mutating func admits(now: BootInstant) -> Bool {
    times = times.filter { $0.duration(to: now) < Self.period }
    times.append(now)
    return times.count <= Self.tolerated
  }
}
