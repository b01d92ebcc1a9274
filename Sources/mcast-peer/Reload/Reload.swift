import Glibc
import Logging
import MulticastDTLS

/// Reads the key ring and the roster of a running peer again: on SIGHUP both, and each when its file changes. Either takes
/// effect as a whole or not at all, and a fault of one does not stop the other.
struct Reload {
  enum Cause {
    case signal
    case ringChanged
    case rosterChanged
  }

  /// The results: nil for a part that did not change, or was not read.
  struct Outcome {
    var ring: Result<[KeyID], ReloadFailure>?
    var members: Result<Members, ReloadFailure>?
  }

  private let unusable: UnusableFiles
  private let ring: KeyRingReload
  private let roster: RosterReload
  /// The descriptors that were a terminal at the start.
  private let terminals = [STDOUT_FILENO, STDERR_FILENO].filter { isatty($0) == 1 }

  init(
    _ peer: MulticastPeer, _ source: SecretSource, _ memberSource: MemberSource, _ members: CurrentMembers,
    _ unusable: UnusableFiles = UnusableFiles(), logger: Logger
  ) {
    self.unusable = unusable
    ring = KeyRingReload(peer: peer, source: source, members: members, unusable: unusable, logger: logger)
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
      return Outcome(ring: await ring.run(isAsked: true), members: roster.run(isAsked: true))
    case .ringChanged:
      return Outcome(ring: await ring.run(isAsked: false))
    case .rosterChanged:
      return Outcome(members: roster.run(isAsked: false))
    }
  }
}
