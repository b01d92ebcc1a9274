import Glibc
import Logging
import MulticastDTLS
import ServiceLifecycle
import UnixSignals

/// A peer from its start to its end.
///
/// 1. Show who and where this is.
/// 2. Send what is to be sent, and show what arrives, until there is a reason to end; meanwhile, for SIGUSR1, show the
///    table of traffic, and for SIGHUP read the key ring again.
/// 3. Stop the peer, show what had arrived, and take leave; with `--stats`, by the table of traffic.
struct PeerService: Service {
  let peer: MulticastPeer
  /// Where the key ring is.
  let source: SecretSource
  /// Calls for it to be read again.
  let readAgain: UnixSignalsSequence
  /// Calls for the figures.
  let requests: UnixSignalsSequence
  let options: PeerConfiguration
  let display: EventWriter
  let stopTrigger: StopTrigger
  let logger: Logger

  /// The descriptors that were a terminal at the start.
  private let terminals = KeyRingReload.terminals
  private let diagnostics = StandardStream.standardError

  func run() async throws {
    try await withGracefulShutdownHandler {
      let deadline = Task {
        guard let deadline = options.deadline, (try? await Task.sleep(for: deadline.duration)) != nil else { return }
        stopTrigger.fire(.deadline)
        // If nobody takes the last lines.
        ExitWatchdog { exitNow() }.startDeadline()
      }
      defer { deadline.cancel() }
      do {
        try await talk()
      } catch let error as OutputError where error.isClosed {
        // Nobody reads it any more: that is no failure.
        await peer.stop()
      } catch {
        // What was shown before it went wrong is not to be lost.
        display.offer { $0.failed("\(error)", &$1) }
        try? await display.end()
        throw error
      }
      if let shortfall { throw shortfall }
    } onGracefulShutdown: {
      stopTrigger.fire(.signal)
      // What was heard is on disk when the peer has stopped.
      ExitWatchdog { exitNow() }.start { peer.stop() }
    }
  }

  /// Ends the process, whatever it waits for.
  private func exitNow() -> Never {
    if shortfall != nil { _exit(ExpectationNotMet.exitCode) }
    // Who ends a peer by hand may have stopped to read before; a script is not to take a part for the whole.
    if !display.isWritten, stopTrigger.reason != .signal || options.expected != nil {
      StandardStream.writeIfReady("mcast-peer: standard output was not taken: its end is missing\n", to: STDERR_FILENO)
      _exit(EX_OSERR)
    }
    _exit(EXIT_SUCCESS)
  }

  /// What is missing of the messages that were expected.
  private var shortfall: ExpectationNotMet? {
    let received = display.counts.received
    return options.expected.flatMap { $0 > received ? ExpectationNotMet(received: received, expected: $0) : nil }
  }

  private func talk() async throws {
    let start = Start(
      configuration: peer.configuration, interfaces: peer.interfaces.map(\.name), epoch: peer.epoch,
      keyIDs: peer.keyIDs,
      input: Sender.phrase(options.input))
    try await display.started(start)
    StandardStream.standardOutput.whenClosed { [stopTrigger] in stopTrigger.fire(.output) }
    StandardStream.standardOutput.whenFailed { [stopTrigger] error in
      stopTrigger.fire(error.isClosed ? .output : .error)
    }

    let sending = Task {
      do {
        if let reason = try await Sender(peer, options, display, logger).run() { stopTrigger.fire(reason) }
      } catch is CancellationError {
        // There is another reason to end.
      } catch let error as PeerError where error.code == .stopped {
        // The same, while a message was on its way.
      } catch {
        stopTrigger.fire(.error)
        throw error
      }
    }
    let others = [
      // Neither ends because standard error is full.
      Task { for await _ in requests { try? await showStatistics() } },
      Task { for await _ in readAgain { await readRingAgain() } },
      Task {
        while (try? await Task.sleep(for: .seconds(1))) != nil { display.showDropped(peer.statistics) }
      },
    ]
    defer { for task in others { task.cancel() } }
    await stopTrigger.wait()
    sending.cancel()
    // What was heard is on disk before anything waits for whoever reads and writes our streams.
    await peer.stop()
    let result = await sending.result
    display.showDropped(peer.statistics, isLast: true)
    if let failure = peer.failure { throw failure }
    try result.get()
    let statistics = peer.statistics
    if options.stats {
      let sent = display.counts.sent
      try await display.show { $0.counted(statistics, sent: sent, &$1) }
    }
    try await display.end()
    if options.stats { try await printTable(statistics) }
  }

  /// Uses what is in the key ring's file now, and shows it.
  private func readRingAgain() async {
    switch await KeyRingReload(peer: peer, source: source, terminals: terminals, logger: logger).read() {
    case .success(let keyIDs):
      let epoch = peer.epoch
      display.offer { $0.changedRing(keyIDs, epoch, &$1) }
    case .failure(let failure):
      display.offer { $0.failed(failure.description, &$1) }
    case nil:
      break
    }
  }

  /// Shows the figures of traffic, and prints their table on standard error.
  private func showStatistics() async throws {
    let statistics = peer.statistics
    showFigures(statistics)
    try await printTable(statistics)
  }

  private func showFigures(_ statistics: Statistics) {
    let sent = display.counts.sent
    display.offer { $0.counted(statistics, sent: sent, &$1) }
  }

  private func printTable(_ statistics: Statistics) async throws {
    try await diagnostics.print(StatisticsTable(statistics, of: options.network.peers, at: options.nodeID).text)
    try await diagnostics.flush()
  }
}
