import Dispatch
import Glibc
import Logging
import MulticastDTLS
import ServiceLifecycle
import UnixSignals

/// What a terminal shows of a peer: who it is, what it sends and receives, and its end.
///
/// 1. Print who and where this is.
/// 2. Send by the timer or the pacer, until the count is reached or a signal comes; meanwhile print what arrives, for SIGUSR1 the table
///    of traffic, and for SIGHUP read the key ring again.
/// 3. Stop the peer, print what had arrived, and take leave; with `--stats`, by the table of traffic.
struct Conversation: Service {
  let peer: MulticastPeer
  /// Where the key ring is.
  let source: SecretSource
  /// Calls for it to be read again.
  let readAgain: UnixSignalsSequence
  let options: Options
  let logger: Logger

  /// The descriptors that were a terminal at the start.
  private let terminals = [STDOUT_FILENO, STDERR_FILENO].filter { isatty($0) == 1 }
  private let output = Console.standardOutput
  private let diagnostics = Console.standardError

  func run() async throws {
    try await withGracefulShutdownHandler {
      do {
        try await talk()
      } catch {
        // What was shown before it went wrong is not to be lost.
        try? await output.flush()
        throw error
      }
    } onGracefulShutdown: {
      let queue = DispatchQueue.global()
      queue.async {
        // What was heard is on disk when this returns.
        peer.stop()
        // If nobody takes the last lines, they are not waited for: a signal ends the peer within half a second.
        queue.asyncAfter(deadline: .now() + .milliseconds(400)) { _exit(EXIT_SUCCESS) }
      }
      // A disk that does not answer is given up, too.
      queue.asyncAfter(deadline: .now() + .seconds(5)) { _exit(EXIT_SUCCESS) }
    }
  }

  private func talk() async throws {
    try await introduce()
    let requests = await UnixSignalsSequence(trapping: .sigusr1)
    try await withThrowingTaskGroup { tasks in
      tasks.addTask { try await printMessages() }
      tasks.addTask {
        do {
          try await cancelWhenGracefulShutdown { try await sendMessages() }
        } catch is CancellationError {
          // A signal: the usual way to end.
        } catch SendError.stopped {
          // The same, while a message was on its way.
        }
        peer.stop()
      }
      // Neither waits for the other, or ends because standard error is full.
      let table = Task { for await _ in requests { try? await printStatistics() } }
      let ring = Task { for await _ in readAgain { await readRingAgain() } }
      defer {
        table.cancel()
        ring.cancel()
      }
      try await tasks.waitForAll()
    }
    try await output.print("\nNode \(options.nodeID): Shutting down...")
    try await output.print("Node \(options.nodeID): Goodbye!")
    try await output.flush()
    if options.stats { try await printStatistics() }
  }

  private func introduce() async throws {
    let node = "Node \(options.nodeID)"
    try await output.print("=== DTLS Multicast Peer - \(node) ===")
    try await output.print("\(node): Sockets ready, joined multicast group \(options.group)")
    for member in options.peers.members where member != options.nodeID {
      try await output.print("\(node): Added peer \(member) to receive tracking")
    }
    try await output.print("\(node): Ready. Press Ctrl+C to exit.")
    try await output.print("\(node): Sending messages \(rhythm)...\n")
    try await output.flush()
  }

  private func sendMessages() async throws {
    var isAway = false
    /// Sends the messages with these numbers, and shows those that the network took.
    func send(_ numbers: Range<UInt64>) async throws -> Int {
      let texts = numbers.map(options.text)
      let sent: Int
      do {
        sent = try peer.send(texts.map { Array($0.utf8) })
      } catch let error as SystemError {
        if !isAway { logger.warning("cannot send to \(options.group): \(error); trying again \(rhythm)") }
        isAway = true
        return 0
      }
      if isAway { logger.info("sending to \(options.group) again") }
      isAway = false
      for text in texts.prefix(sent) {
        try await output.print("Node \(options.nodeID): Sent: \"\(escaped(text.utf8))\"")
      }
      return sent
    }
    if let rate = options.rate {
      try await SendPacer(rate: rate.perSecond, count: options.count).run(send)
    } else {
      try await SendTimer(interval: options.interval.duration, count: options.count).run { number in
        try await send(number..<(number + 1)) == 1
      }
    }
  }

  /// How often messages are sent.
  private var rhythm: String {
    options.rate?.phrase ?? "every \(options.interval.phrase)"
  }

  private func printMessages() async throws {
    for await message in peer.messages {
      try await output.print(
        "Node \(options.nodeID): Received from peer \(message.sender): \"\(escaped(message.payload))\"")
    }
  }

  /// Uses what is in the key ring's file now. If it cannot be used, the ring stays as it is.
  private func readRingAgain() async {
    if terminals.contains(where: { isatty($0) == 0 }) {
      // The terminal is gone: this is not a request, but the end.
      kill(getpid(), SIGTERM)
      return
    }
    let former = peer.keyIDs
    do {
      // It takes a moment of computing, for which no thread of the tasks is to be held.
      try await withCheckedThrowingContinuation { done in
        DispatchQueue.global().async {
          done.resume(
            with: Result {
              // A file that is missing is no reason to make a new secret now.
              let ring = try KeyRing(from: source, makesOwnFile: false)
              try peer.use(ring)
              warn(of: ring, logger)
            })
        }
      }
    } catch SendError.stopped {
      return
    } catch {
      let keys = former.map(\.description).joined(separator: ", ")
      logger.error("the key ring stays as it was (\(keys)): \(error)")
      return
    }
    let ring = peer.keyIDs
    logger.info(
      """
      key ring read again from \(source)\(ring == former ? ", unchanged" : ""): this node sends with key ID \(ring[0]), \
      in epoch \(peer.epoch), and accepts \(ring.map(\.description).joined(separator: ", ")); \(whereabouts)
      """)
  }

  /// Which key each other member sends with.
  private var whereabouts: String {
    let heard = peer.traffic.members
    let others = options.peers.members.filter { $0 != options.nodeID }
    return Dictionary(grouping: others) { heard[$0]?.keyID?.description ?? "" }.sorted { $0.key < $1.key }
      .map { keyID, members in
        "node \(MemberSet(members)) \(keyID.isEmpty ? "was not heard" : "was last heard with \(keyID)")"
      }
      .joined(separator: ", ")
  }

  /// Prints the table of traffic on standard error.
  func printStatistics() async throws {
    try await diagnostics.print(TrafficTable(peer.traffic, of: options.peers, at: options.nodeID).text)
    try await diagnostics.flush()
  }
}
