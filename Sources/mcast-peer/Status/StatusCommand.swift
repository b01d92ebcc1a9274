import ArgumentParser
import Glibc
import Logging
import MulticastDTLS
import SystemPackage

/// `mcast-peer status`: prints once which members are there, for people and scripts.
struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Print once which members are there, for scripts: a table or a JSON document, and an exit code.",
    discussion: """
      Without --of, status listens for some seconds, to all members of the group or those of --peers: it sends nothing \
      and keeps nothing on disk. With --of, it asks a running peer on this machine at once. That peer prints its own \
      figures since its start. Only the peer's user and root can ask. Of the network and key options, only --state-dir \
      counts then.

      Each row shows one member. Its state is up, restarted (in the last 30 s), silent (it has missed five of its \
      intervals), quiet (the same, but heard too little to know its interval well; or not heard for 30 s), not heard (a \
      member of --peers or the roster), listens (as the roster says), or rejected, with the reason: another secret, \
      other cipher suite, stale epoch, replayed, no member of the group, not signed, no fitting key, not by its sender, \
      or not verified. Text is not stable: let scripts read the \
      JSON document.

      The MCAST_PEER_ variables apply as for a peer, except the variables on sending, output and stopping.

      Exit codes: 0 each member of --peers or the roster is up, restarted or quiet; 1 one is silent, not heard or rejected, or \
      without either: nobody was heard, or somebody is rejected; 64 usage error; 69 no running peer to ask; 77 \
      another user's peer.
      """,
    helpNames: [.short, .long]
  )

  /// A format of standard output.
  enum Format: String, CaseIterable {
    case text, json
  }

  @Option(
    parsing: .unconditional,
    help: .init("Ask the running peer on this machine with this member ID.", valueName: "node-id"),
    transform: { try MemberID($0) }
  )
  var of: MemberID?

  @Option(
    parsing: .unconditional,
    help: .init("Time to listen for members; fractions are allowed. (default: 5)", valueName: "seconds"),
    transform: { try Interval($0, "a time") }
  )
  var wait: Interval?

  @Option(
    name: .shortAndLong,
    parsing: .unconditional,
    help: .init("Format of standard output: text, or json for one document. (default: text)", valueName: "format"),
    completion: .list(Format.allCases.map(\.rawValue)),
    transform: { try choice($0, "the output") }
  )
  var output: Format?

  @OptionGroup var service: ServiceArguments
  @OptionGroup var network: NetworkArguments

  func validate() throws {
    if of != nil, wait != nil {
      throw ValidationError("--of asks a running peer, which answers at once: leave out --wait")
    }
  }

  func run() async throws {
    _ = try service.apply(secretFile: network.keys.secretFile)
    let environment = try Environment.settings()
    var arguments = network
    // A running peer has its members, whatever is in the roster now.
    if of != nil { (arguments.group.peers, arguments.group.roster) = (MemberSet(0...255), nil) }
    let network = try NetworkConfiguration(arguments, environment.network, peers: MemberSet(0...255))
    try network.check(nil)
    let answer: StatusAnswer
    if let of {
      guard let directory = try network.stateDirectory() else {
        throw ValidationError("--of needs the state directory of the peer: give its --state-dir")
      }
      answer = try StatusClient(member: of, directory: directory.description).ask().answer
    } else {
      answer = StatusAnswer(try await listen(network))
    }
    let text = output == .json ? answer.json : answer.table
    do {
      try StandardStream.write("\(text)\n", to: STDOUT_FILENO)
    } catch let error as OutputError where error.isClosed && !answer.isComplete {
      // The reader has closed standard output, and may still want the exit code.
    }
    if !answer.isComplete { throw ExitCode(1) }
  }

  /// Listens for the time of `--wait`.
  private func listen(_ network: NetworkConfiguration) async throws -> StatusReport {
    LoggingSystem.bootstrap { _ in StandardErrorLog() }
    var logger = Logger(label: "mcast-peer")
    logger.logLevel = network.isVerbose ? .debug : .warning
    if !network.allowsCoreDumps { try hideMemory() }
    for text in Environment.warnings + network.warnings + InvisibleEnds.warnings { logger.warning("\(text)") }
    let source = try SecretSource.choose(secretFile: network.secretFile.map { FilePath($0) })
    let peer = try MulticastPeer(
      observingWith: network.peerConfiguration(nil, interfaces: network.namedInterfaces()), source, logger)
    // While it listens, status writes nothing, so no failed write would reveal a closed pipe.
    StandardStream.standardOutput.whenClosed { _exit(EXIT_SUCCESS) }
    let members = CurrentMembers(network.members)
    let figures = StatusSource(peer, members)
    let observing = [
      Task {
        await EventReporting(peer: peer, members: members, logger: logger).run { event, _ in figures.reported(event) }
      },
      Task { while (try? await Task.sleep(for: .seconds(1))) != nil { figures.update() } },
    ]
    try await Task.sleep(for: (wait ?? Interval(seconds: 5)).duration)
    let report = figures.report
    for task in observing { task.cancel() }
    await peer.stop()
    return report
  }
}
