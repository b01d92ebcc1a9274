import Dispatch
import Glibc
import Logging
import MulticastDTLS
import ServiceLifecycle
import UnixSignals

/// What a terminal shows of a peer: who it is, what it sends and receives, and its end.
///
/// 1. Print who and where this is.
/// 2. Send by the timer, until the count is reached or a signal comes; meanwhile print what arrives, and for SIGUSR1 the
///    table of traffic.
/// 3. Stop the peer, print what had arrived, and take leave; with `--stats`, by the table of traffic.
struct Conversation: Service {
  let peer: MulticastPeer
  let options: Options
  let logger: Logger

  private let output = Console.standardOutput
  private let diagnostics = Console.standardError

  func run() async throws {
    try await withGracefulShutdownHandler {
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
        let table = Task { for await _ in requests { try await printStatistics() } }
        defer { table.cancel() }
        try await tasks.waitForAll()
      }
      try await output.print("\nNode \(options.nodeID): Shutting down...")
      try await output.print("Node \(options.nodeID): Goodbye!")
      if options.stats { try await printStatistics() }
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

  private func introduce() async throws {
    let node = "Node \(options.nodeID)"
    try await output.print("=== DTLS Multicast Peer - \(node) ===")
    try await output.print("\(node): Sockets ready, joined multicast group \(options.group)")
    for member in options.peers.members where member != options.nodeID {
      try await output.print("\(node): Added peer \(member) to receive tracking")
    }
    try await output.print("\(node): Ready. Press Ctrl+C to exit.")
    try await output.print("\(node): Sending messages every \(options.interval.phrase)...\n")
  }

  private func sendMessages() async throws {
    let timer = SendTimer(interval: options.interval.duration, count: options.count)
    var isAway = false
    try await timer.run { number in
      let text = options.text(number: number)
      do {
        try peer.send(text)
      } catch let error as SystemError {
        if !isAway {
          logger.warning("cannot send to \(options.group): \(error); trying again every \(options.interval.phrase)")
        }
        isAway = true
        return false
      }
      if isAway { logger.info("sending to \(options.group) again") }
      isAway = false
      try await output.print("Node \(options.nodeID): Sent: \"\(escaped(text.utf8))\"")
      return true
    }
  }

  private func printMessages() async throws {
    for await message in peer.messages {
      try await output.print(
        "Node \(options.nodeID): Received from peer \(message.sender): \"\(escaped(message.payload))\"")
    }
  }

  /// Prints the table of traffic on standard error.
  func printStatistics() async throws {
    try await diagnostics.print(TrafficTable(peer.traffic, of: options.peers, at: options.nodeID).text)
  }
}
