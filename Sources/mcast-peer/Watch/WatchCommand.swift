import ArgumentParser
import Glibc
import Logging
import MulticastDTLS
import UnixSignals

/// `mcast-peer watch`: shows who is there.
struct WatchCommand: AsyncParsableCommand {
  /// The word by which it is called.
  static let name = "watch"

  static let configuration = CommandConfiguration(
    commandName: name,
    _superCommandName: MCastPeer.name,
    abstract: "Show who is there: a table of the members that are heard, redrawn twice a second.",
    discussion: """
      Without a node ID it only listens, to all members of the group: it sends nothing and keeps nothing on disk. With one it \
      takes part as that node, and sends a greeting at every interval.

      A row is a member's: up, restarted (for half a minute), silent (it has missed five of its intervals), quiet (half a \
      minute, and its interval is not known or long), or not heard (those of --peers); its epoch, its messages a second over ten seconds, how many of a hundred were lost since the \
      start, when it was heard last, the cipher suite, the key ID of its secret, and its address, which nobody vouches for. \
      Below is what was refused, by reason, and what has happened.

      Where standard output is no terminal, there is a line for a member when its state or epoch changes, and every ten \
      seconds. NO_COLOR leaves colours out. Ctrl+C ends it. The settings of the environment count as for a peer, but for \
      MCAST_PEER_NODE_ID and those that say what to send and to show.
      """
  )

  @Argument(
    help: .init("Take part as this node, 0 to 255. (default: only listen)", valueName: "node-id"),
    transform: { try MemberID($0) })
  var nodeID: MemberID?

  @Option(
    name: .shortAndLong,
    parsing: .unconditional,
    help: .init("With a node ID, the time between messages. (default: 3)", valueName: "seconds"),
    transform: { try Interval($0) }
  )
  var interval: Interval?

  @OptionGroup var network: NetworkArguments

  func run() async throws {
    let environment = try Environment.settings()
    let network = try NetworkConfiguration(network, environment.network, peers: MemberSet(0...255))
    try network.check(nodeID)
    if nodeID == nil, interval != nil {
      throw ValidationError("--interval says how often to send, and without a node ID nothing is sent: leave it out")
    }
    let isLive = isatty(STDOUT_FILENO) == 1
    let (events, happened) = AsyncStream.makeStream(of: Watch.Event.self)
    // What goes to a screen of the same terminal would spoil it.
    let isLogShown = isLive && isatty(STDERR_FILENO) == 1
    LoggingSystem.bootstrap { label -> any LogHandler in
      isLogShown ? EventLogHandler { happened.yield(.said($0.visible)) } : VisibleLogHandler(label)
    }
    var logger = Logger(label: "mcast-peer")
    if network.isVerbose { logger.logLevel = .debug }
    if !network.allowsCoreDumps { try hideMemory() }

    let named = try network.namedInterfaces()
    let source = try SecretSource.choose(secretFile: network.secretFile)
    let peer = try makePeer(
      network.peerConfiguration(nodeID, interfaces: named), source, happened, logger: logger)
    for name in Environment.unknown { logger.warning("\(name) in the environment is no setting (see --help)") }
    for text in network.remarks + InvisibleEnds.warnings { logger.warning("\(text)") }

    let keys = peer.keyIDs.map(\.description).joined(separator: ", ")
    let node = peer.epoch.flatMap { epoch in nodeID.map { "node \($0) in epoch \(epoch)" } } ?? "listening only"
    // The kernel's route may lead by another interface later.
    func heading() -> String {
      let interfaces = peer.interfaces.map(\.name).joined(separator: ", ").visible
      return "\(network.group) on \(interfaces), \(node), \(network.suite.name), key ID \(keys)"
    }
    let view: any WatchView =
      isLive
      ? LiveView(
        heading: heading, suite: network.suite, isColoured: Terminal.isColoured, size: Terminal.size)
      : PlainView(suite: network.suite)
    // Before it says that it watches: a signal ends it in order from then on.
    let signals = await UnixSignalsSequence(trapping: Watch.signals)
    if !isLogShown { logger.info("watching \(heading())") }
    let ringReading = KeyRingReload(peer: peer, source: source, terminals: KeyRingReload.terminals, logger: logger)
    let members = network.namesPeers ? MemberSet(network.peers.members.filter { $0 != nodeID }) : MemberSet([])
    try await Watch(
      peer: peer, sendingEvery: nodeID == nil ? nil : interval ?? Interval(seconds: 3),
      table: MemberTable(named: members),
      ringReading: ringReading, logger: logger
    ).run(view, signals, events, happened)
  }

  /// Makes the peer. The secrets themselves are gone when this returns.
  private func makePeer(
    _ configuration: MulticastPeer.Configuration, _ source: SecretSource,
    _ happened: AsyncStream<Watch.Event>.Continuation, logger: Logger
  ) throws -> MulticastPeer {
    // Who only listens with a secret that nobody else has hears nobody.
    let ring = try KeyRing(from: source, makesOwnFile: nodeID != nil, markingIn: configuration.state)
    warn(of: ring, logger)
    return try MulticastPeer(
      configuration, keys: ring, logger: logger, onNotice: { happened.yield(.noticed($0)) }, onFailure: {},
      handler: { _, _, _ in true })
  }
}
