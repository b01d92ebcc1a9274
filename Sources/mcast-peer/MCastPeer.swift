import ArgumentParser
import Glibc
import Logging
import MulticastDTLS
import SystemPackage
import ServiceLifecycle
import UnixSignals

/// The default command: makes the peer and runs ``PeerService``.
struct MCastPeer: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "peer",
    abstract: "Exchange messages in a multicast group, with DTLS 1.2 records and one shared secret.",
    usage: """
      mcast-peer [<options>] <node-id>
      mcast-peer watch [<options>] [<node-id>]
      mcast-peer status [<options>]
      mcast-peer doctor [<options>]
      mcast-peer secret <subcommand>
      mcast-peer identity <subcommand>
      mcast-peer roster <subcommand>
      """,
    discussion: """
      Each member sends a message every few seconds, and prints the messages of the others. The group secret \
      authenticates every message; --encrypt also encrypts it, and --sign also signs it, so that no member can speak as \
      another.

      The secret comes from --secret-file, else from DTLS_MCAST_SECRET, else from \
      ${XDG_CONFIG_HOME:-~/.config}/mcast-peer/secret. The first start makes that file. A running peer \
      reads its file again when it changes; 'mcast-peer secret --help' shows the steps to change the secret of a group.

      Each start uses a new epoch, so that the other members hear a restarted one at once. The state directory keeps \
      the last epoch (see --state-dir).

      An environment variable can set each option, for instance MCAST_PEER_GROUP or MCAST_PEER_SECRET_FILE. Options \
      without a value take 1 or 0, and repeatable options take a list with commas. The command line wins.

      Exit codes: 0 done; 1 fewer messages than --expect, a failure that doctor found, or a member that status misses; 64 \
      usage error; 65 standard input does not fit into messages; 69 group or interface unusable, or no running peer to \
      ask; 71 system or wolfSSL failure; 73 state \
      unusable, in use by another process with the same ID, or lost while messages are encrypted, or no epoch left, or \
      another process sends with this member's ID and secret, or the metrics file cannot be written; 77 file of secret, \
      roster or identity, or a directory above it, open to others, or another user's peer asked; 78 \
      secret, roster or identity missing or unusable.
      """,
    shouldDisplay: false,
    helpNames: [.short, .long]
  )

  @OptionGroup var arguments: PeerArguments

  func run() async throws {
    let options = try PeerConfiguration(arguments, Environment.settings())
    LoggingSystem.bootstrap { _ in StandardErrorLog() }
    var logger = Logger(label: "mcast-peer")
    if options.network.isVerbose { logger.logLevel = .debug }
    // Standard error may be blocked from the start.
    let logQueue = LogQueue(logger)
    do {
      try await run(options, logQueue)
    } catch {
      // The line of the error follows.
      await logQueue.flush()
      throw error
    }
  }

  private func run(_ options: PeerConfiguration, _ logQueue: LogQueue) async throws {
    let logger = logQueue.logger
    for text in Environment.warnings { logger.warning("\(text)") }
    let metrics = MetricCatalog.makeMetrics(of: options.nodeID, in: options.network.group)
    let names = NameMetrics(metrics)
    names.record(options.network.members)
    let files = FileMetrics(metrics)
    let metricsFile = try options.metricsFile.map { path in
      try MetricsFile(path: path, logger: logger) { metrics.text }
    }
    if !options.network.allowsCoreDumps { try hideMemory() }
    let named = try options.network.namedInterfaces()
    let source = try SecretSource.choose(secretFile: options.network.secretFile.map { FilePath($0) })
    let isListening = if case .none = options.input { true } else { false }
    // Trapped before the ring is read, so that no request to reload it is lost.
    let identitySource = isListening ? nil : options.network.identitySource(of: options.nodeID)
    let causes = await ReloadCauses(
      source, options.network.memberSource, identitySource, watchesFiles: options.network.watchesFiles)
    let statisticsRequests = await UnixSignalsSequence(trapping: .sigusr1)
    let stopTrigger = StopTrigger()
    let (members, unusable) = (CurrentMembers(options.network.members), UnusableFiles())
    let events = EventWriter(
      eventFormat(options), on: .standardOutput, stopTrigger: stopTrigger, limit: options.limit)
    let configuration = try options.network.peerConfiguration(
      options.nodeID, interfaces: named, isListening: isListening)
    let peer = try makePeer(configuration, source, identitySource, events, metrics, logger: logger)
    try options.checkMessage(limit: peer.maximumPayload)
    try metricsFile?.start()
    logStart(of: peer, source, options, logger)

    let status = StatusSocket.open(for: peer, StatusSource(peer, members, unusable) { events.counts.sent }, logger)
    let service = PeerService(
      peer: peer, members: members,
      reload: Reload(
        peer, source, options.network.memberSource, identitySource, members, unusable, messages: options,
        logger: logger),
      reloadCauses: causes, statisticsRequests: statisticsRequests,
      reports: ServiceReports(manager: ServiceManager(), peer: peer, members: members, unusable: unusable),
      options: options, events: events, stopTrigger: stopTrigger, logQueue: logQueue, status: status,
      names: names, files: files, unusable: unusable, metricsFile: metricsFile)
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
        gracefulShutdownSignals: [.sigint, .sigterm],
        logger: Logger(label: "mcast-peer")
      )
    )
    try await group.run()
  }

  /// Logs the warnings of the options, and the start lines.
  private func logStart(
    of peer: MulticastPeer, _ source: SecretSource, _ options: PeerConfiguration, _ logger: Logger
  ) {
    if peer.engine != peer.configuration.engine {
      logger.notice(
        """
        the wolfSSL \(WolfSSLLibrary.version) library on this machine was built without --enable-atomicuser, the hook for \
        libcrypto: it computes by itself, several times slower
        """)
    }
    for text in options.network.warnings + InvisibleEnds.warnings { logger.warning("\(text)") }
    if peer.epoch != nil, options.network.members.roster.listeners.contains(options.nodeID) {
      logger.warning(
        """
        \(options.network.members.place) says that this member listens, but it sends: the others miss it only \
        once they have heard it
        """)
    }
    if peer.statePath == nil {
      logger.warning(
        peer.epoch == nil
          ? "NO STATE: after a restart, recorded messages can be accepted again"
          : "NO STATE: give a higher --epoch at every start")
    }
    if peer.epoch?.rawValue == 1 {
      logger.info("first start with this secret: members with the same key ID have the same secret")
      if !peer.configuration.suite.isEncrypted {
        logger.info("anyone on the network can read messages that are not encrypted (see --encrypt)")
      }
    }
    let lines = StartLines(
      member: options.nodeID, group: options.network.group, suite: peer.configuration.suite, isSigned: peer.isSigned,
      keyIDs: peer.keyIDs,
      secret: "\(source)", state: peer.statePath?.removingLastComponent().string,
      interfaces: peer.interfaces.map(\.name), timeToLive: options.network.ttl, peers: peer.peers,
      hasRoster: options.network.members.hasFile, epoch: peer.epoch,
      home: unsafe getenv("HOME").map { unsafe String(cString: $0) })
    for line in lines.all { logger.info("\(line)") }
    for line in SigningLines(of: peer, options.network.members)?.all ?? [] {
      logger.log(level: line.level, "\(line.text)")
    }
    if lines.interfaces.count > 1 {
      logger.info("hears on \(lines.interfaces.count) interfaces, sends on \(lines.interfaces[0])")
    }
    let buffer = peer.receiveBufferSizes
    logger.debug(
      """
      the receive buffer has \(buffer.size) bytes\(buffer.size < buffer.wanted
        ? " of \(buffer.wanted) that were asked for: net.core.rmem_max allows no more" : "")
      """)
  }

  /// The format of `--output`.
  private func eventFormat(_ options: PeerConfiguration) -> sending any EventFormat {
    switch options.output {
    case .text where options.isQuiet: SilentFormat()
    case .text: TextFormat(options.nodeID, options.network.members)
    case .json: JSONFormat(options.nodeID, options.network.group, options.network.members)
    case .raw: RawFormat(hasNewlines: !options.isDatagram)
    }
  }

  /// Makes the peer. The secrets are wiped when this returns; the peer holds only keys derived from them.
  private func makePeer(
    _ configuration: MulticastPeer.Configuration, _ source: SecretSource, _ identitySource: IdentitySource?,
    _ events: EventWriter, _ metrics: PrometheusMetrics, logger: Logger
  ) throws -> MulticastPeer {
    let ring = try KeyRing(from: source, markingIn: configuration.state)
    var configuration = configuration
    configuration.identity = try identitySource?.identity(for: ring, isSigning: configuration.isSigning, logger)
    let peer = try MulticastPeer(
      configuration, keys: ring, logger: .ofLibrary(logger), metrics: metrics
    ) { origin, payload, _ in
      events.received(origin, payload)
    }
    if ring.isNew {
      // Peers on loopback share the file. Elsewhere, a new secret means that no member hears this one yet.
      let isLoopback = peer.interfaces.allSatisfy { $0.name == "lo" }
      logger.log(
        level: isLoopback ? .info : .warning,
        "the secret was MADE JUST NOW: copy the file to members on other machines, over a channel that you trust")
    }
    warn(of: ring, logger)
    return peer
  }
}

/// Logs a warning for each doubtful secret of a ring.
func warn(of ring: KeyRing, _ logger: Logger) {
  for text in Set(ring.secrets.flatMap(warnings)) { logger.warning("\(text)") }
}

/// Warnings about a secret that can be guessed, or that looks mistyped. They never show the secret.
func warnings(of secret: GroupSecret) -> [String] {
  var warnings: [String] = []
  if secret.isShort {
    warnings.append(
      "a group secret has fewer than \(GroupSecret.recommendedMinimumSize) bytes: an attacker who records one datagram may "
        + "guess it; make a longer one")
  }
  return warnings + secret.warnings.map(warning)
}

/// A warning about a secret that looks mistyped.
private func warning(of doubt: SecretWarning) -> String {
  switch doubt {
  case .blankEnd:
    "a group secret begins or ends with a blank, which is part of the secret: members without it have another secret"
  case .carriageReturn:
    "a group secret ends with a carriage return (\\r), which is part of the secret, as from a file with Windows line ends: "
      + "members without it have another secret"
  case .invisibleEnd:
    "a group secret begins or ends with an invisible character, such as a no-break or zero-width space, which is part of the "
      + "secret: members without it have another secret"
  case .quote:
    "a group secret begins or ends with a quotation mark, which is part of the secret, as from an environment file: members "
      + "without it have another secret"
  case .control:
    "a group secret contains a control character, which is part of the secret: check that it is one line of text"
  }
}

/// Keeps the keys in memory out of core dumps, debuggers and crash reports.
func hideMemory() throws {
  try ProcessMemory.hide()
  // Restore the default actions: Swift's crash handler prints registers, and the memory that they point to.
  for number in [SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGQUIT, SIGSEGV, SIGTRAP] {
    signal(number, SIG_DFL)
  }
}
