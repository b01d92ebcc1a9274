import Glibc
import Logging
import MulticastDTLS
import UnixSignals

/// Runs `watch`. Every input becomes an event of one stream, which one task consumes.
struct Watch {
  enum Event: Sendable {
    /// The screen is due to be redrawn.
    case tick
    case reported(PeerEvent)
    case logged(String)
    case signal(UnixSignal)
    /// A write to standard output has failed.
    case failed(OutputError)
    /// The reader has closed standard output.
    case closed
  }

  private let peer: MulticastPeer
  private let interval: Interval?
  private let reload: KeyRingReload
  private let logger: Logger
  private let stream = StandardStream.standardOutput
  private let table: MemberTable

  /// The time between two screens.
  private static let pause = Duration.milliseconds(500)

  /// - Parameter sendingEvery: The time between messages; nil sends none.
  init(
    peer: MulticastPeer, sendingEvery interval: Interval?, table: MemberTable, reload: KeyRingReload,
    logger: Logger
  ) {
    self.peer = peer
    self.interval = interval
    self.table = table
    self.reload = reload
    self.logger = logger
  }

  /// The signals to trap.
  static let signals: [UnixSignal] = [.sigint, .sigterm, .sighup, .sigwinch, .sigcont]

  /// Shows the members until a signal arrives, or the reader closes standard output.
  ///
  /// - Throws: ``OutputError`` if a write fails, for instance because a disk is full.
  func run(
    _ firstView: any WatchView, _ signals: UnixSignalsSequence, _ events: AsyncStream<Event>,
    _ sink: AsyncStream<Event>.Continuation
  ) async throws {
    var (view, table) = (firstView, table)
    stream.whenClosed { sink.yield(.closed) }
    stream.whenFailed { sink.yield($0.isClosed ? .closed : .failed($0)) }
    let tasks = [
      Task { for await signal in signals { sink.yield(.signal(signal)) } },
      Task {
        repeat { sink.yield(.tick) } while (try? await Task.sleep(for: Self.pause)) != nil
      },
      Task { await EventReporting(peer: peer, logger: logger).run { event, _ in sink.yield(.reported(event)) } },
      Task { await send() },
    ]
    defer { for task in tasks { task.cancel() } }

    loop: for await event in events {
      switch event {
      case .tick:
        table.update(peer.statistics, now: .now)
        // Skip screens while the terminal is stopped with Ctrl+S.
        if stream.isWritten { offer(view.shown(table, now: .now)) }
      case .reported(let event):
        table.reported(event, now: .now)
      case .logged(let line):
        view.logged(line)
      case .signal(.sighup):
        // Key derivation takes some milliseconds, during which the screen is redrawn.
        Task { _ = await reload.run() }
      case .signal(.sigwinch), .signal(.sigcont):
        if stream.isWritten { offer(view.resized(table, now: .now)) }
      case .signal, .closed:
        break loop
      case .failed(let error):
        await peer.stop()
        throw error
      }
    }
    // A stopped terminal must not delay the exit.
    ExitWatchdog { _exit(EXIT_SUCCESS) }.start { peer.stop() }
    await peer.stop()
    table.update(peer.statistics, now: .now)
    offer(view.ended(table, now: .now))
    try? await stream.flush()
  }

  private func offer(_ text: String) {
    if !text.isEmpty { _ = stream.offer(Array(text.utf8).span) }
  }

  /// Sends a greeting at every interval, if this process has a member ID. A failed send is retried at the next
  /// interval.
  private func send() async {
    guard let interval, let member = peer.configuration.member else { return }
    var isFailing = false
    try? await SendTimer(interval: interval.duration).run { number in
      do {
        try peer.send("Hello from node \(member), message #\(number)")
        isFailing = false
        return true
      } catch let error as PeerError where error.code == .system {
        if !isFailing {
          logger.warning("cannot send to \(peer.configuration.group): \(error); retrying in \(interval) s")
        }
        isFailing = true
        return false
      }
    }
  }
}
