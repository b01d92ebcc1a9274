import CommonSupport
import ArgumentParser
import Glibc
import Logging
import MulticastDTLS
import SystemPackage
import UnixSignals

/// `mcast-peer watch`: shows a table of the members.
struct WatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Show a table of the members that are heard, redrawn twice a second.",
    discussion: """
      Without a member ID, watch only listens, to all members of the group: it sends nothing and keeps nothing on disk. \
      With a member ID, it is a member, and sends a greeting at every interval.

      Each row shows one member. Its state is up, restarted (in the last 30 s), silent (it has missed five of its \
      intervals), quiet (the same, but heard too little to know its interval well; or not heard for 30 s), or not heard \
      (a member of --peers or the roster). If there is no room for all, those that are not up come first. The \
      columns are its epoch, its messages a second over the last 10 s, the percentage lost since the start, the time \
      since it was last heard, the cipher suite, the key ID of its secret, and its address, which is not \
      authenticated. The lines below show rejected datagrams by reason, and the latest log lines.

      If standard output is no terminal, watch prints a line for a member when its state or epoch changes, and every \
      10 s. NO_COLOR turns colours off. q or Ctrl+C ends watch. The MCAST_PEER_ variables apply as for a peer, except \
      MCAST_PEER_NODE_ID and the variables on sending, output and stopping.

      Exit codes: as for a peer; 0 after Ctrl+C.
      """,
    helpNames: [.short, .long]
  )

  @Argument(
    help: .init("Run as this member, 0 to 255. (default: only listen)", valueName: "node-id"),
    transform: { try MemberID($0) })
  var nodeID: MemberID?

  @Option(
    name: .shortAndLong,
    parsing: .unconditional,
    help: .init("Time between messages, with a member ID. (default: 3)", valueName: "seconds"),
    transform: { try Interval($0) }
  )
  var interval: Interval?

  @OptionGroup var service: ServiceArguments
  @OptionGroup var network: NetworkArguments

  func run() async throws {
    _ = try service.apply(secretFile: network.keys.secretFile)
    let environment = try Environment.settings()
    let network = try NetworkConfiguration(network, environment.network, peers: MemberSet(0...255))
    try network.check(nodeID)
    if nodeID == nil, interval != nil {
      throw ValidationError("--interval needs a member ID, since watch sends nothing without one: leave it out")
    }
    let isLive = isatty(STDOUT_FILENO) == 1
    let (events, sink) = AsyncStream.makeStream(of: Watch.Event.self)
    // On the terminal of the screen, log lines become part of the screen.
    let isLogShown = isLive && isatty(STDERR_FILENO) == 1
    LoggingSystem.bootstrap { _ -> any LogHandler in
      isLogShown ? EventLogHandler { sink.yield(.logged($0.visible)) } : StandardErrorLog()
    }
    var logger = Logger(label: "mcast-peer")
    if network.isVerbose { logger.logLevel = .debug }
    if !network.allowsCoreDumps { try hideMemory() }

    let named = try network.namedInterfaces()
    let source = try SecretSource.choose(secretFile: network.secretFile.map { FilePath($0) })
    let identitySource = nodeID.map { network.identitySource(of: $0) }
    let causes = await ReloadCauses(source, network.memberSource, identitySource, watchesFiles: network.watchesFiles)
    let peer = try MulticastPeer(
      observingWith: network.peerConfiguration(nodeID, interfaces: named), source, logger, identitySource)
    for text in Environment.warnings + network.warnings + InvisibleEnds.warnings { logger.warning("\(text)") }

    let keys = peer.keyIDs.map(\.description).joined(separator: ", ")
    let node = peer.epoch.flatMap { epoch in nodeID.map { "member \($0) in epoch \(epoch)" } } ?? "listening only"
    // Evaluated for each screen: the kernel's route may change to another interface.
    func heading() -> String {
      let interfaces = peer.interfaces.map(\.name).joined(separator: ", ").visible
      return
        "\(network.group) on \(interfaces), \(node), \(FormattedRow.protection(network.suite, peer.isSigned)), key ID \(keys)"
    }
    let view: any WatchView =
      isLive
      ? LiveView(
        heading: heading, suite: network.suite, isColoured: Terminal.isColoured, size: Terminal.size)
      : PlainView(suite: network.suite)
    // Trapped before the first log line, so that a signal after it ends watch in order.
    let signals = await UnixSignalsSequence(trapping: Watch.signals)
    if !isLogShown { logger.info("watching \(heading())") }
    // Standard error may be blocked.
    let background = LogQueue(logger).logger
    let members = CurrentMembers(network.members)
    let reload = Reload(peer, source, network.memberSource, identitySource, members, logger: background)
    try await Watch(
      peer: peer, sendingEvery: nodeID == nil ? nil : interval ?? Interval(seconds: 3),
      table: MemberTable(members: network.members, own: nodeID),
      members: members, reload: reload, keyboard: isLive ? Keyboard() : nil, logger: background
    ).run(view, signals, causes, events, sink)
  }
}
