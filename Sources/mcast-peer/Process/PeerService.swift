import Dispatch
import Glibc
import Logging
import MulticastDTLS
import ServiceLifecycle
import UnixSignals

/// Runs a peer from start to end.
///
/// 1. Write the start event.
/// 2. Report that the peer is ready. Send messages and write received ones until a reason to stop arises. Meanwhile print
///    the statistics on SIGUSR1, and read key ring and roster again on SIGHUP and when they change.
/// 3. Stop the peer, write the remaining events and the end event. With `--stats`, print the statistics.
struct PeerService: Service {
  let peer: MulticastPeer
  let members: CurrentMembers
  let reload: Reload
  let reloadCauses: ReloadCauses
  /// SIGUSR1: requests for the statistics.
  let statisticsRequests: UnixSignalsSequence
  let reports: ServiceReports
  let options: PeerConfiguration
  let events: EventWriter
  let stopTrigger: StopTrigger
  /// Writes the log without blocking a task.
  let logQueue: LogQueue
  /// Answers `status --of`; nil without a state.
  let status: StatusSocket?
  let names: NameMetrics
  let files: FileMetrics
  let unusable: UnusableFiles
  let metricsFile: MetricsFile?

  private let diagnostics = StandardStream.standardError
  /// The time that the end waits for the line of the totals, which belongs before the last event.
  private static let figuresTime = Duration.milliseconds(50)
  private var logger: Logger { logQueue.logger }

  func run() async throws {
    defer { status?.close() }
    try await withGracefulShutdownHandler {
      let deadline = Task {
        guard let deadline = options.deadline, (try? await Task.sleep(for: deadline.duration)) != nil else { return }
        stopTrigger.fire(.deadline)
        // Standard output may be blocked.
        ExitWatchdog { exitNow() }.startDeadline()
      }
      defer { deadline.cancel() }
      do {
        try await runPeer()
      } catch let error as OutputError where error.isClosed {
        // The reader has closed standard output, which is no failure.
        await peer.stop()
      } catch {
        // Write the pending events before the process ends.
        events.offer { $0.failed("\(error)", &$1) }
        logFigures()
        try? await events.end()
        await logQueue.flush()
        throw error
      }
      if let shortfall { throw shortfall }
    } onGracefulShutdown: {
      reports.stopping()
      stopTrigger.fire(.signal)
      ExitWatchdog { exitNow() }.start {
        // Before the state is unlocked, so that the next process of this member finds no socket.
        status?.close()
        // Stopping the peer also writes its state to disk.
        peer.stop()
      }
    }
  }

  /// Ends the process at once.
  private func exitNow() -> Never {
    // The disk with the socket's file may hang.
    let closing = DispatchGroup()
    DispatchQueue.global().async(group: closing) { status?.close() }
    _ = closing.wait(timeout: .now() + .milliseconds(100))
    if let shortfall {
      Self.logIfReady("\(shortfall)")
      _exit(ExpectationNotMet.exitCode)
    }
    // A person who stops a peer may have stopped reading before. A script must not take incomplete output for all of
    // it.
    if !events.isWritten, stopTrigger.reason != .signal || options.expected != nil {
      Self.logIfReady("standard output is blocked, its end is missing: read it to the end")
      _exit(EX_OSERR)
    }
    _exit(EXIT_SUCCESS)
  }

  /// Logs an error at the end of the process, unless standard error is full.
  private static func logIfReady(_ text: String) {
    StandardStream.writeIfReady(LogForm.ofStandardError.line(.error, text) + "\n", to: STDERR_FILENO)
  }

  /// The error of `--expect`; nil if enough messages arrived.
  private var shortfall: ExpectationNotMet? {
    let received = events.counts.received
    return options.expected.flatMap { $0 > received ? ExpectationNotMet(received: received, expected: $0) : nil }
  }

  private func runPeer() async throws {
    let start = Start(
      configuration: peer.configuration, interfaces: peer.interfaces.map(\.name), epoch: peer.epoch,
      keyIDs: peer.keyIDs, isSigned: peer.isSigned,
      input: Sender.phrase(options.input))
    // Before standard output is waited for, which may be blocked: standard error has all events.
    let reporting = Task {
      await EventReporting(peer: peer, members: members, logger: logger).run { event, text in
        status?.reported(event)
        if !event.kind.isOnlyLogged { events.offer { $0.reported(event, text, &$1) } }
        if event.kind == .failed { stopTrigger.fire(.error) }
      }
      // The peer has stopped, and has recorded its last metrics.
      await metricsFile?.finish()
    }
    let serviceReports = Task { await reports.run() }
    defer { serviceReports.cancel() }
    do {
      try await events.started(start)
    } catch {
      await peer.stop()
      await reporting.value
      throw error
    }
    StandardStream.standardOutput.whenClosed { [stopTrigger] in stopTrigger.fire(.output) }
    StandardStream.standardOutput.whenFailed { [stopTrigger] error in
      stopTrigger.fire(error.isClosed ? .output : .error)
    }

    let sending = Task {
      do {
        if let reason = try await Sender(peer, options, events, logger).run() { stopTrigger.fire(reason) }
      } catch is CancellationError {
        // Another reason has already stopped the peer.
      } catch let error as PeerError where error.code == .stopped {
        // As above, during a send.
      } catch {
        stopTrigger.fire(.error)
        throw error
      }
    }
    let others = [
      // A failed write to standard error must not end these tasks.
      Task { for await _ in statisticsRequests { try? await writeStatistics() } },
      Task { await reloadCauses.forEach({ reload.unusableFiles }) { await readAgain($0) } },
      Task {
        while (try? await Task.sleep(for: .seconds(1))) != nil {
          events.writeDropped(peer.statistics)
          status?.update()
        }
      },
    ]
    defer { for task in others { task.cancel() } }
    await stopTrigger.wait()
    sending.cancel()
    status?.close()
    // Writes the state to disk, before anything waits for the other ends of our streams.
    await peer.stop()
    await reporting.value
    let result = await sending.result
    events.writeDropped(peer.statistics, isLast: true)
    if let failure = peer.failure { throw failure }
    try result.get()
    let statistics = peer.statistics
    if options.stats {
      let sent = events.counts.sent
      try await events.write { $0.counted(statistics, sent: sent, &$1) }
    }
    logFigures()
    await logQueue.flush(within: Self.figuresTime)
    try await events.end()
    // After the events, which must not wait long for standard error.
    await logQueue.flush()
    if options.stats { try await printTable(statistics) }
  }

  /// Reads key ring or roster again, and writes events of the results.
  private func readAgain(_ cause: Reload.Cause) async {
    // To the service manager, only a request is a reload.
    let outcome = cause == .signal ? await reports.reloading { await reload.run(cause) } : await reload.run(cause)
    guard let outcome else { return }
    files.record(unusable.value)
    let epoch = peer.epoch
    switch outcome.ring {
    case .success(let keyIDs): events.offer { $0.changedRing(keyIDs, epoch, &$1) }
    case .failure(let failure): events.offer { $0.failed(failure.description, &$1) }
    case nil: break
    }
    if case .failure(let failure) = outcome.identity { events.offer { $0.failed(failure.description, &$1) } }
    switch outcome.members {
    case .success(let members):
      names.record(members)
      events.offer { $0.changedMembers(members, &$1) }
    case .failure(let failure): events.offer { $0.failed(failure.description, &$1) }
    case nil: break
    }
  }

  /// Logs the totals of the peer.
  private func logFigures() {
    let statistics = peer.statistics
    logger.info("\(events.counts.sent) sent, \(statistics.received) received, \(statistics.lost) lost")
  }

  /// Writes the statistics as an event, and as a table on standard error.
  private func writeStatistics() async throws {
    let (statistics, sent) = (peer.statistics, events.counts.sent)
    events.offer { $0.counted(statistics, sent: sent, &$1) }
    try await printTable(statistics)
  }

  private func printTable(_ statistics: Statistics) async throws {
    try await diagnostics.print(StatisticsTable(statistics, of: members.value, at: options.nodeID).text)
    try await diagnostics.flush()
  }
}
