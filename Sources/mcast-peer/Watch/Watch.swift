import Glibc
import Logging
import MulticastDTLS
import UnixSignals

/// Watches the members from start to end: whatever happens is an event, and one task takes them all.
struct Watch {
  /// What happens.
  enum Event: Sendable {
    /// It is time to draw again.
    case tick
    case noticed(NoticeReport)
    case said(String)
    case signal(UnixSignal)
    /// Standard output takes nothing any more.
    case failed(OutputError)
    /// Nobody reads standard output any more.
    case closed
  }

  private let peer: MulticastPeer
  private let interval: Interval?
  private let ringReading: KeyRingReload
  private let logger: Logger
  private let console = StandardStream.standardOutput
  private let table: MemberTable

  /// How often the screen is drawn.
  private static let pause = Duration.milliseconds(500)

  /// - Parameter sendingEvery: The time between messages; nil sends none.
  init(
    peer: MulticastPeer, sendingEvery interval: Interval?, table: MemberTable, ringReading: KeyRingReload,
    logger: Logger
  ) {
    self.peer = peer
    self.interval = interval
    self.table = table
    self.ringReading = ringReading
    self.logger = logger
  }

  /// The signals that it is to be told of.
  static let signals: [UnixSignal] = [.sigint, .sigterm, .sighup, .sigwinch, .sigcont]

  /// Shows the members until a signal ends it, or nobody reads standard output.
  ///
  /// - Throws: ``OutputError`` if it cannot be written, for instance because a disk is full.
  func run(
    _ firstView: any WatchView, _ signals: UnixSignalsSequence, _ events: AsyncStream<Event>,
    _ happened: AsyncStream<Event>.Continuation
  ) async throws {
    var (view, table) = (firstView, table)
    console.whenClosed { happened.yield(.closed) }
    console.whenFailed { happened.yield($0.isClosed ? .closed : .failed($0)) }
    let tasks = [
      Task { for await signal in signals { happened.yield(.signal(signal)) } },
      Task {
        repeat { happened.yield(.tick) } while (try? await Task.sleep(for: Self.pause)) != nil
      },
      Task { await send() },
    ]
    defer { for task in tasks { task.cancel() } }

    loop: for await event in events {
      switch event {
      case .tick:
        table.update(peer.statistics, now: .now)
        // A terminal that is held with Ctrl+S gets the screen of the time when it goes on.
        if console.isWritten { offer(view.shown(table, now: .now)) }
      case .noticed(let report):
        table.noticed(report, now: .now)
      case .said(let line):
        view.said(line)
      case .signal(.sighup):
        // Reading takes a moment, and the screen goes on.
        Task { _ = await ringReading.read() }
      case .signal(.sigwinch), .signal(.sigcont):
        if console.isWritten { offer(view.resized(table, now: .now)) }
      case .signal, .closed:
        break loop
      case .failed(let error):
        await peer.stop()
        throw error
      }
    }
    // Who holds the terminal does not hold up the end.
    ExitWatchdog { _exit(EXIT_SUCCESS) }.start { peer.stop() }
    await peer.stop()
    table.update(peer.statistics, now: .now)
    offer(view.ended(table, now: .now))
    try? await console.flush()
  }

  private func offer(_ text: String) {
    if !text.isEmpty { _ = console.offer(Array(text.utf8).span) }
  }

  /// Takes part, if this node is to: a greeting at every interval. What the network does not take is sent later.
  private func send() async {
    guard let interval, let member = peer.configuration.member else { return }
    var isAway = false
    try? await SendTimer(interval: interval.duration).run { number in
      do {
        try peer.send("Hello from node \(member), message #\(number)")
        isAway = false
        return true
      } catch let error as SystemError {
        if !isAway { logger.warning("cannot send to \(peer.configuration.group): \(error); it is tried again") }
        isAway = true
        return false
      }
    }
  }
}
