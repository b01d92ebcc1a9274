import ArgumentParser
import Glibc
import Logging
import MulticastDTLS
import ServiceLifecycle

/// The command: reads the options, makes the peer and hands both to ``Conversation``.
@main
struct MCastPeer: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mcast-peer",
    abstract: "Talk to the members of a multicast group, with DTLS 1.2 records and one shared secret.",
    discussion: """
      Each member sends a message now and then, and shows the others' messages. Messages are authenticated with the \
      group secret, and not encrypted.

      The secret is read from --secret-file, else from DTLS_MCAST_SECRET, else from \
      ${XDG_CONFIG_HOME:-~/.config}/mcast-peer/secret, which is made on first use.

      Each start takes a new epoch, so that the others hear a node that was restarted at once; the last one used is \
      kept in the state directory (see --state-dir).

      Exit codes: 0 done; 64 usage; 69 group or interface not usable; 71 system or wolfSSL failure; 73 state not usable, \
      in use by another process with the same ID, or no epoch left; 77 secret file open to others; 78 secret missing or \
      unusable.
      """,
    version: "mcast-peer 0.1.0 (wolfSSL \(WolfSSLLibrary.version))"
  )

  @OptionGroup var options: Options

  static func main() async {
    // What a parent has ignored stays ignored: a script's shell does so with SIGINT for its background jobs, and some
    // programs with SIGPIPE. Ctrl+C is to end this process, and so is a pipe that nobody reads.
    for number in [SIGINT, SIGTERM, SIGPIPE] {
      signal(number, SIG_DFL)
    }
    // It asks for the table of traffic (see Conversation); until there is one, it must not end the process.
    signal(SIGUSR1, SIG_IGN)
    // A core file would hold the keys. (A handler that the kernel pipes dumps to does not ask for this limit.)
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)

    do {
      try await parse().run()
    } catch {
      Failure(error).exit()
    }
  }

  func run() async throws {
    LoggingSystem.bootstrap(StreamLogHandler.standardError)
    var logger = Logger(label: "mcast-peer")
    if options.verbose { logger.logLevel = .debug }

    let (interface, isFallback) = try options.findInterface()
    let peer = try makePeer(on: interface, logger: logger)
    logger.info(
      "\(peer.configuration.suite.name): messages are AUTHENTICATED, NOT ENCRYPTED; anyone on the network can read them"
    )
    if isFallback {
      logger.warning(
        "the kernel has no route for \(options.group), so this is loopback (lo) only: choose an interface with --interface"
      )
    }
    let state = peer.statePath.map { "state in \($0)" } ?? "NO STATE: after a restart give a later --epoch"
    logger.info(
      "interface \(interface.name), TTL \(options.ttl), peers \(options.peers), epoch \(peer.epoch), \(state)")

    let conversation = Conversation(peer: peer, options: options, logger: logger)
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [.init(service: conversation, successTerminationBehavior: .gracefullyShutdownGroup)],
        gracefulShutdownSignals: [.sigint, .sigterm],
        logger: Logger(label: "mcast-peer")
      )
    )
    try await group.run()
  }

  /// Makes the peer. The secret itself is gone when this returns; the peer has the keys that were derived from it.
  private func makePeer(on interface: NetworkInterface, logger: Logger) throws -> MulticastPeer {
    let source = try SecretSource.choose(secretFile: options.secretFile)
    let secret = try GroupSecret(from: source)
    let peer = try MulticastPeer(options.peerConfiguration(interface: interface), secret: secret, logger: logger)
    logger.info("group secret from \(source), key ID \(peer.keyID): the same ID at every member means the same secret")
    if secret.isShort {
      logger.warning(
        "the group secret has fewer than \(GroupSecret.recommendedMinimumSize) bytes: whoever records one datagram can hope to guess it"
      )
    }
    return peer
  }

  private static func parse() throws -> MCastPeer {
    // Swift would mend what is not UTF-8, and the message that is sent would not be the one that was given.
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let argument = unsafe CommandLine.unsafeArgv[index], unsafe String(validatingCString: argument) != nil
      else {
        throw ValidationError("argument \(index) is not valid UTF-8")
      }
    }
    guard let command = try parseAsRoot() as? MCastPeer else { throw CleanExit.helpRequest(self) }
    return command
  }
}
