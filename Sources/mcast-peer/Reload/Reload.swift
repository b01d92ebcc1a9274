import Glibc
import Logging
import MulticastDTLS

/// Reads the key ring, the roster and the identity of a running peer again: on SIGHUP all, and each when its file changes. Each
/// takes effect as a whole or not at all, and a fault of one does not stop the others.
struct Reload {
  enum Cause {
    case signal
    case ringChanged
    case rosterChanged
    case identityChanged
  }

  /// The results: nil for a part that did not change, or was not read.
  struct Outcome {
    var ring: Result<[KeyID], ReloadFailure>?
    var members: Result<Members, ReloadFailure>?
    var identity: Result<PublicKey, ReloadFailure>?
  }

  private let unusable: UnusableFiles
  private let ring: KeyRingReload
  private let roster: RosterReload
  private let identity: IdentityReload
  /// The descriptors that were a terminal at the start.
  private let terminals = [STDOUT_FILENO, STDERR_FILENO].filter { isatty($0) == 1 }

  init(
    _ peer: MulticastPeer, _ source: SecretSource, _ memberSource: MemberSource, _ identitySource: IdentitySource?,
    _ members: CurrentMembers, _ unusable: UnusableFiles = UnusableFiles(), messages: PeerConfiguration? = nil,
    logger: Logger
  ) {
    self.unusable = unusable
    identity = IdentityReload(peer: peer, source: identitySource, members: members, unusable: unusable, logger: logger)
    ring = KeyRingReload(
      peer: peer, source: source, members: members, identity: identity, unusable: unusable,
      messages: messages, logger: logger)
    roster = RosterReload(peer: peer, source: memberSource, members: members, unusable: unusable, logger: logger)
  }

  /// The files that could not be used when they were read last.
  var unusableFiles: Set<UnusableFiles.File> { Set(unusable.value.keys) }

  /// Reads what the cause is about.
  ///
  /// - Returns: Nil if the process is about to end.
  func run(_ cause: Cause) async -> Outcome? {
    switch cause {
    case .signal:
      if terminals.contains(where: { isatty($0) == 0 }) {
        // The terminal is gone: this SIGHUP is a hang-up, not a request.
        kill(getpid(), SIGTERM)
        return nil
      }
      // The roster first: the others may sign with a new key as soon as they see the new ring.
      let (members, identity) = (roster.run(isAsked: true), identity.run(isAsked: true))
      return Outcome(ring: await ring.run(isAsked: true), members: members, identity: identity)
    case .ringChanged:
      return Outcome(ring: await ring.run(isAsked: false))
    case .rosterChanged:
      return Outcome(members: roster.run(isAsked: false))
    case .identityChanged:
      return Outcome(identity: identity.run(isAsked: false))
    }
  }
}
