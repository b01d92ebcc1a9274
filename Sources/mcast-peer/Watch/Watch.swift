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
    /// A person has pressed the key that ends `watch`.
    case quit
    /// A write to standard output has failed.
    case failed(OutputError)
    /// The reader has closed standard output.
    case closed
  }

  private let peer: MulticastPeer
  private let interval: Interval?
  private let reload: Reload
  private let members: CurrentMembers
  private let logger: Logger
  private let stream = StandardStream.standardOutput
  private let keyboard: Keyboard?
  private let table: MemberTable

  /// The time between two screens.
  private static let pause = Duration.milliseconds(500)

  /// - Parameters:
  ///   - sendingEvery: The time between messages; nil sends none.
  ///   - keyboard: The keyboard that can end it; nil if there is none.
  init(
    peer: MulticastPeer, sendingEvery interval: Interval?, table: MemberTable, members: CurrentMembers, reload: Reload,
    keyboard: Keyboard?, logger: Logger
  ) {
    self.peer = peer
    self.keyboard = keyboard
    self.interval = interval
    self.table = table
    self.members = members
    self.reload = reload
    self.logger = logger
  }

  /// The signals to trap.
  static let signals: [UnixSignal] = [.sigint, .sigterm, .sigwinch, .sigcont]

  /// Shows the members until a signal arrives, or the reader closes standard output.
  ///
  /// - Throws: ``OutputError`` if a write fails, for instance because a disk is full.
  func run(
    _ firstView: any WatchView, _ signals: UnixSignalsSequence, _ causes: ReloadCauses, _ events: AsyncStream<Event>,
    _ sink: AsyncStream<Event>.Continuation
  ) async throws {
    var (view, table) = (firstView, table)
    keyboard?.whenPressed { if $0 == UInt8(ascii: "q") { sink.yield(.quit) } }
    defer { keyboard?.release() }
    stream.whenClosed { sink.yield(.closed) }
    stream.whenFailed { sink.yield($0.isClosed ? .closed : .failed($0)) }
    let tasks = [
      Task { for await signal in signals { sink.yield(.signal(signal)) } },
      Task {
        repeat { sink.yield(.tick) } while (try? await Task.sleep(for: Self.pause)) != nil
      },
      Task {
        await EventReporting(peer: peer, members: members, logger: logger).run { event, _ in
          sink.yield(.reported(event))
        }
      },
      Task { await causes.forEach({ reload.unusableFiles }) { _ = await reload.run($0) } },
      Task { await send() },
    ]
    defer { for task in tasks { task.cancel() } }

    loop: for await event in events {
      switch event {
      case .tick:
        table.changed(members.value)
        table.update(peer.statistics, now: .now)
        // Skip screens while the terminal is stopped with Ctrl+S.
        if stream.isWritten { offer(view.shown(table, now: .now)) }
      case .reported(let event):
        table.reported(event, now: .now)
      case .logged(let line):
        view.logged(line)
      case .signal(.sigwinch), .signal(.sigcont):
        // The shell has set the modes of the terminal for itself while this process was stopped.
        keyboard?.take()
        if stream.isWritten { offer(view.resized(table, now: .now)) }
      case .signal, .closed, .quit:
        break loop
      case .failed(let error):
        await peer.stop()
        throw error
      }
    }
    keyboard?.release()
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
