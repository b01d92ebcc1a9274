import MulticastDTLS
import SystemPackage
import UnixSignals

/// The reasons to read the files of a running peer again, as they arise: SIGHUP, and changes of the files.
struct ReloadCauses: Sendable {
  private let signals: UnixSignalsSequence
  private let ringFile: FileChanges?
  private let rosterFile: FileChanges?

  /// The time between two looks at the files.
  private static let pause = Duration.seconds(1)

  /// Begins to notice; to be called before the ring is read, so that no request and no change is missed.
  ///
  /// - Parameters:
  ///   - source: The source of the ring.
  ///   - watchesFiles: False to heed SIGHUP only.
  init(_ source: SecretSource, _ members: MemberSource, watchesFiles: Bool) async {
    signals = await UnixSignalsSequence(trapping: .sighup)
    ringFile = watchesFiles ? source.path.map { FileChanges(of: $0) } : nil
    rosterFile = watchesFiles ? members.changes : nil
  }

  /// Calls `body` with each cause, one after the other, until the task is cancelled.
  func forEach(_ body: (Reload.Cause) async -> Void) async {
    let (events, sink) = AsyncStream.makeStream(of: Event.self)
    let tasks = [
      Task { for await _ in signals { sink.yield(.signal) } },
      Task { while (try? await Task.sleep(for: Self.pause)) != nil { sink.yield(.tick) } },
    ]
    defer { for task in tasks { task.cancel() } }
    var (ring, roster) = (ringFile, rosterFile)
    for await event in events {
      switch event {
      case .signal:
        // The content that is read now is no change later.
        ring?.remember()
        roster?.remember()
        await body(.signal)
      case .tick:
        if ring?.look() == true { await body(.ringChanged) }
        if roster?.look() == true { await body(.rosterChanged) }
      }
    }
  }

  private enum Event {
    case signal
    /// The files are due for a look.
    case tick
  }
}
