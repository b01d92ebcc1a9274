import ArgumentParser
import Glibc
import Logging
import MulticastDTLS
import ServiceLifecycle
import UnixSignals

/// The command: reads the options, makes the peer and hands both to ``PeerService``.
@main
struct MCastPeer: AsyncParsableCommand {
  /// The word by which it is called.
  static let name = "mcast-peer"

  static let configuration = CommandConfiguration(
    commandName: name,
    abstract: "Talk to the members of a multicast group, with DTLS 1.2 records and one shared secret.",
    usage: """
      mcast-peer [<options>] <node-id>
      mcast-peer watch [<options>] [<node-id>]
      mcast-peer doctor [<options>]
      mcast-peer secret <subcommand>
      """,
    discussion: """
      Each member sends a message now and then, and shows the others' messages. Messages are authenticated with the \
      group secret, and with --encrypt encrypted as well.

      The secret is read from --secret-file, else from DTLS_MCAST_SECRET, else from \
      ${XDG_CONFIG_HOME:-~/.config}/mcast-peer/secret, which is made on first use. SIGHUP makes a running peer read the \
      file again; 'mcast-peer secret --help' tells how a running group changes its secret.

      Each start takes a new epoch, so that the others hear a node that was restarted at once; the last one used is \
      kept in the state directory (see --state-dir).

      Each option can be set by an environment variable as well, as in MCAST_PEER_GROUP or MCAST_PEER_SECRET_FILE: for \
      options without a value 1 or 0, for those that can be given again several with commas. What the command line says \
      counts more.

      Exit codes: 0 done; 1 fewer messages than expected; 64 usage; 65 standard input has what no message can carry; 69 \
      group or interface not usable; 71 system or wolfSSL failure; 73 state not usable, in use by another process with the \
      same ID, lost where messages are encrypted, or no epoch left, or another node sends with this node's ID and secret; \
      77 secret file or a directory above it open to others; 78 secret missing or unusable.
      """,
    version: "mcast-peer 0.1.0 (wolfSSL \(WolfSSLLibrary.version), OpenSSL \(CryptoLibrary.version))"
  )

  @OptionGroup var settings: PeerArguments

  static func main() async {
    holdStandardStreams()
    // What a parent has ignored stays ignored: a script's shell does so with SIGINT for its background jobs, and some
    // programs with SIGPIPE. Ctrl+C is to end this process.
    for number in [SIGINT, SIGTERM] {
      signal(number, SIG_DFL)
    }
    // They ask for the table of traffic, and to read the secret again (see PeerService); until then they must not end
    // the process. A pipe that nobody reads ends a peer as anything else does: it gives its state back.
    for number in [SIGUSR1, SIGHUP, SIGPIPE] {
      signal(number, SIG_IGN)
    }
    var called: any ParsableCommand.Type = Self.self
    do {
      let arguments = try arguments()
      let rest = Array(arguments.dropFirst())
      switch arguments.first {
      case _ where CommandTree.handles(arguments):
        called = CommandTree.self
        _ = try CommandTree.parseAsRoot(arguments)
      case SecretCommand.name:
        called = SecretCommand.self
        try SecretCommand.run(rest)
      case WatchCommand.name:
        called = WatchCommand.self
        guard let command = try WatchCommand.parseAsRoot(rest) as? WatchCommand else {
          throw CleanExit.helpRequest(WatchCommand.self)
        }
        try await command.run()
      case DoctorCommand.name:
        called = DoctorCommand.self
        guard let command = try DoctorCommand.parseAsRoot(rest) as? DoctorCommand else {
          throw CleanExit.helpRequest(DoctorCommand.self)
        }
        try await command.run()
      default:
        guard let command = try parseAsRoot(arguments) as? MCastPeer else { throw CleanExit.helpRequest(self) }
        try await command.run()
      }
    } catch {
      Failure(error, of: called).exit()
    }
  }

  func run() async throws {
    let options = try PeerConfiguration(settings, Environment.settings())
    LoggingSystem.bootstrap { VisibleLogHandler($0) }
    var logger = Logger(label: "mcast-peer")
    if options.network.isVerbose { logger.logLevel = .debug }
    for name in Environment.unknown { logger.warning("\(name) in the environment is no setting (see --help)") }

    if !options.network.allowsCoreDumps { try hideMemory() }
    let named = try options.network.namedInterfaces()
    let source = try SecretSource.choose(secretFile: options.network.secretFile)
    // Before the ring is read, so that no request to read it again is lost.
    let readAgain = await UnixSignalsSequence(trapping: .sighup)
    // As early: until then it would end the process.
    let requests = await UnixSignalsSequence(trapping: .sigusr1)
    let stopTrigger = StopTrigger()
    let display = EventWriter(
      presentation(options), on: .standardOutput, stopTrigger: stopTrigger, limit: options.limit)
    let isListening = if case .none = options.input { true } else { false }
    let configuration = try options.network.peerConfiguration(
      options.nodeID, interfaces: named, isListening: isListening)
    let peer = try makePeer(configuration, source, display, stopTrigger, logger: logger)
    logger.info(
      options.network.suite.isEncrypted
        ? "\(options.network.suite.name): messages are AUTHENTICATED AND ENCRYPTED"
        : "\(options.network.suite.name): messages are AUTHENTICATED, NOT ENCRYPTED; anyone on the network can read them (see --encrypt)"
    )
    for text in options.network.remarks + InvisibleEnds.warnings { logger.warning("\(text)") }
    let state =
      switch (peer.statePath, peer.epoch) {
      case (let path?, let epoch?): "epoch \(epoch), state in \(path)"
      case (nil, let epoch?): "epoch \(epoch), NO STATE: after a restart give a later --epoch"
      case (let path?, nil): "listening only, state (of what is heard) in \(path)"
      case (nil, nil): "listening only, NO STATE: after a restart a recording can be accepted again"
      }
    let names = peer.interfaces.map(\.name)
    logger.info(
      """
      interface \(names.joined(separator: ", "))\(names.count > 1 ? " (sending on \(names[0]))" : ""), TTL \(options.network.ttl), \
      peers \(options.network.peers), \(state)
      """)

    let conversation = PeerService(
      peer: peer, source: source, readAgain: readAgain, requests: requests, options: options, display: display,
      stopTrigger: stopTrigger, logger: logger)
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [.init(service: conversation, successTerminationBehavior: .gracefullyShutdownGroup)],
        gracefulShutdownSignals: [.sigint, .sigterm],
        logger: Logger(label: "mcast-peer")
      )
    )
    try await group.run()
  }

  /// What standard output has.
  private func presentation(_ options: PeerConfiguration) -> sending any EventFormat {
    switch options.output {
    case .text: TextFormat(options.nodeID)
    case .json:
      JSONFormat(
        options.nodeID, options.network.group, awaiting: options.network.peers.awaited(at: options.nodeID))
    case .raw: RawFormat(hasNewlines: !options.isDatagram)
    }
  }

  /// Makes the peer. The secrets themselves are gone when this returns; the peer has the keys that were derived from them.
  private func makePeer(
    _ configuration: MulticastPeer.Configuration, _ source: SecretSource, _ display: EventWriter,
    _ stopTrigger: StopTrigger,
    logger: Logger
  ) throws -> MulticastPeer {
    let ring = try KeyRing(from: source, markingIn: configuration.state)
    let peer = try MulticastPeer(
      configuration, keys: ring, logger: logger,
      onNotice: { report in display.offer { $0.noticed(report, &$1) } },
      onFailure: { stopTrigger.fire(.error) },
      handler: { origin, payload, _ in display.received(origin, payload) })
    let (first, others) = (peer.keyIDs[0], peer.keyIDs.dropFirst().map(\.description).joined(separator: ", "))
    logger.info(
      """
      group secret from \(source)\(ring.isNew ? ", which was MADE JUST NOW" : ""), key ID \(first)\
      \(others.isEmpty ? "" : ", and accepted: \(others)"): the same ID at every member means the same secret
      """)
    if ring.isNew {
      logger.info(
        "members on other machines need that secret, too: copy the file to them, over a channel that you trust")
    }
    warn(of: ring, logger)
    return peer
  }

  private static func arguments() throws -> [String] {
    // Swift would mend what is not UTF-8, and the message that is sent would not be the one that was given.
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let argument = unsafe CommandLine.unsafeArgv[index], unsafe String(validatingCString: argument) != nil
      else {
        throw ValidationError("argument \(index) is not valid UTF-8")
      }
    }
    let arguments = Array(CommandLine.arguments.dropFirst())
    // 'help secret new', which the help of a command names, is 'secret new --help'.
    return arguments.first == "help" ? arguments.dropFirst() + ["--help"] : arguments
  }
}

/// Opens what stands for standard input, output and error where they were closed, so that no socket or file of ours is taken
/// for them; to use them fails all the same.
private func holdStandardStreams() {
  for number in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(number, F_GETFD) < 0 {
    // The lowest number that is free is that one. Source: open(2).
    _ = unsafe open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY)
  }
}

/// Warns of secrets that can be guessed, or that are perhaps not what is meant.
func warn(of ring: KeyRing, _ logger: Logger) {
  for text in Set(ring.secrets.flatMap(warnings)) { logger.warning("\(text)") }
}

/// What a person should know of a secret.
func warnings(of secret: GroupSecret) -> [String] {
  var warnings: [String] = []
  if secret.isShort {
    warnings.append(
      "a group secret has fewer than \(GroupSecret.recommendedMinimumSize) bytes: whoever records one datagram can hope to "
        + "guess it")
  }
  return warnings + secret.doubts.map(warning)
}

/// What a person should know of a secret that is perhaps another than was meant. It does not show the secret.
private func warning(of doubt: SecretDoubt) -> String {
  switch doubt {
  case .blankEnd: "a group secret begins or ends with a blank, which counts: is it meant to?"
  case .carriageReturn:
    "a group secret ends with a carriage return (\\r), which counts: a file with Windows line ends, or a script, has put it "
      + "there; members without it have another secret"
  case .invisibleEnd:
    "a group secret begins or ends with an invisible character, such as a no-break or zero-width space, which counts: "
      + "members without it have another secret"
  case .quote:
    "a group secret begins or ends with a quotation mark, which counts: environment files take it as it is; members "
      + "without it have another secret"
  case .control: "a group secret has a control character in it, which counts: is it one line of text?"
  }
}

/// Keeps the keys that this process will have in its memory from files, debuggers and reports of crashes.
func hideMemory() throws {
  try ProcessMemory.hide()
  // Swift's own report of a crash shows registers, and the memory that they point to.
  for number in [SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGQUIT, SIGSEGV, SIGTRAP] {
    signal(number, SIG_DFL)
  }
}
