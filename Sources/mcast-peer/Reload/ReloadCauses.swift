import MulticastDTLS
import SystemPackage
import UnixSignals

/// The reasons to read the files of a running peer again, as they arise: SIGHUP, changes of the files, and a file that could
/// not be used, since its directory or another cause may have been corrected.
struct ReloadCauses: Sendable {
  private let signals: UnixSignalsSequence
  private let ringFile: FileChanges?
  private let rosterFile: FileChanges?
  private let identityFile: FileChanges?

  /// The time between two looks at the files.
  private static let pause = Duration.seconds(1)
  /// The looks after which a file that could not be used is read again.
  private static let looksPerTry = 3

  /// Begins to notice; to be called before the ring is read, so that no request and no change is missed.
  ///
  /// - Parameters:
  ///   - source: The source of the ring.
  ///   - watchesFiles: False to heed SIGHUP only.
  init(
    _ source: SecretSource, _ members: MemberSource, _ identity: IdentitySource?, watchesFiles: Bool
  ) async {
    signals = await UnixSignalsSequence(trapping: .sighup)
    ringFile = watchesFiles ? source.path.map { FileChanges(of: $0) } : nil
    rosterFile = watchesFiles ? members.changes : nil
    identityFile = watchesFiles ? identity?.path.map { FileChanges(of: $0) } : nil
  }

  /// Calls `body` with each cause, one after the other, until the task is cancelled. Signals that arrive before their
  /// request is taken up are one request.
  ///
  /// - Parameter unusable: Returns the files that could not be used when they were read last.
  func forEach(_ unusable: () -> Set<UnusableFiles.File>, _ body: (Reload.Cause) async -> Void) async {
    let events = PendingEvents<Event>()
    let tasks = [
      Task { for await _ in signals { events.add(.signal) } },
      Task { while (try? await Task.sleep(for: Self.pause)) != nil { events.add(.tick) } },
    ]
    defer { for task in tasks { task.cancel() } }
    var (ring, roster, identity, looks) = (ringFile, rosterFile, identityFile, 0)
    for await event in events.stream {
      events.taken(event)
      switch event {
      case .signal:
        // The content that is read now is no change later.
        ring?.remember()
        roster?.remember()
        identity?.remember()
        await body(.signal)
      case .tick:
        looks += 1
        let again = looks.isMultiple(of: Self.looksPerTry) ? unusable() : []
        // The ring last: the others may sign with new keys as soon as they see it.
        if let isChanged = roster?.look(), isChanged || again.contains(.roster) { await body(.rosterChanged) }
        if let isChanged = identity?.look(), isChanged || again.contains(.identity) { await body(.identityChanged) }
        if let isChanged = ring?.look(), isChanged || again.contains(.secret) { await body(.ringChanged) }
      }
    }
  }

  private enum Event {
    case signal
    /// The files are due for a look.
    case tick
  }
}
