import ArgumentParser
import Glibc
import Logging
import MulticastDTLS

/// `mcast-peer doctor`: checks why a peer hears no one.
struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check why a peer hears no one: this machine, the secret, the network and the group.",
    discussion: """
      Run doctor with the options and the environment of the peer. Each check prints ok, warning or failure, and the \
      remedy. A member of --peers that is not heard is a failure; with the default, 0-2, it is a warning; with 0-255, \
      no absence is reported. Doctor sends nothing beyond this machine, changes nothing, and leaves nothing on disk.

      On a machine that runs the service, --service ID checks its member, as root with the rights of its user: also if \
      it runs, and with the settings of its files.

      As root, doctor also sees if a firewall here drops incoming messages. Called by sudo, it checks the secret and \
      the state of the calling user's peer, with that user's rights. By default, sudo removes the settings from the \
      environment.

      Exit codes: 0 no failure; 1 a failure; 64 usage error.
      """,
    helpNames: [.short, .long]
  )

  /// A format of standard output.
  enum Format: String, CaseIterable {
    case text, json
  }

  @Option(
    name: .shortAndLong,
    parsing: .unconditional,
    help: .init("Format of standard output: text, or json for one check a line. (default: text)", valueName: "format"),
    completion: .list(Format.allCases.map(\.rawValue)),
    transform: { try choice($0, "the output") }
  )
  var output: Format?

  @Option(
    parsing: .unconditional,
    help: .init("Time to listen for other members; fractions are allowed. (default: 5)", valueName: "seconds"),
    transform: { try Interval($0, "a time") }
  )
  var wait: Interval?

  @OptionGroup var service: ServiceArguments
  @OptionGroup var network: NetworkArguments

  func run() async throws {
    // Before the search for the caller's own secret, without which doctor checks the service.
    CallingUser.current?.useHome()
    let isService = try service.apply(secretFile: network.keys.secretFile)
    let environment = try Environment.settings()
    let (network, roster) = try readRoster(environment)
    try network.check(nil)
    if !network.allowsCoreDumps { try hideMemory() }
    LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
    var hasFailed = false
    func report(_ findings: [Finding]) throws {
      for finding in findings {
        hasFailed = hasFailed || finding.verdict == .failure
        do {
          let text = output == .json ? finding.json : finding.lines.joined(separator: "\n")
          try StandardStream.write(text + "\n", to: STDOUT_FILENO)
        } catch let error as OutputError where error.isClosed && hasFailed {
          // The reader has closed standard output after a failure.
          throw ExitCode(1)
        }
      }
    }
    let running = isService ? serviceCheck(of: environment.nodeID, network) : nil
    try report((running?.findings ?? []) + roster.findings(of: environment.nodeID))
    if let members = try checkMachine(
      network, ownID: environment.nodeID, sends: running?.sends ?? !environment.sending.listen,
      isRosterUsable: roster.isUsable, caller: isService ? .ofService : .current, report)
    {
      let code = hasFailed ? 1 : EXIT_SUCCESS
      // While it listens, doctor writes nothing, so no failed write would reveal a closed pipe.
      StandardStream.standardOutput.whenClosed { _exit(code) }
      try report(await members.findings(after: wait ?? Interval(seconds: 5)))
    }
    if hasFailed { throw ExitCode(1) }
  }

  /// The check of the member of the service; nil without an ID.
  private func serviceCheck(of member: MemberID?, _ network: NetworkConfiguration) -> ServiceCheck? {
    guard let member, let directory = try? network.stateDirectory() else { return nil }
    return ServiceCheck(of: member, stateDirectory: directory.description)
  }

  /// The configuration. A roster that cannot be used does not end the checks: then all members are heard.
  private func readRoster(_ environment: PeerArguments) throws -> (NetworkConfiguration, RosterCheck) {
    let everybody = MemberSet(0...255)
    do {
      let configuration = try NetworkConfiguration(network, environment.network, peers: everybody)
      return (
        configuration, RosterCheck(members: .success(configuration.members), path: configuration.memberSource.path)
      )
    } catch let error as RosterError {
      var arguments = network
      (arguments.group.peers, arguments.group.roster) = (everybody, nil)
      let configuration = try NetworkConfiguration(arguments, environment.network, peers: everybody)
      return (configuration, RosterCheck(members: .failure(error), path: nil))
    }
  }

  /// Runs all checks except the last one, on members. The secrets are wiped when this returns.
  ///
  /// - Returns: The check on members, which is listening already; nil if the group cannot be joined.
  private func checkMachine(
    _ network: NetworkConfiguration, ownID: MemberID?, sends: Bool, isRosterUsable: Bool, caller: CallingUser?,
    _ report: ([Finding]) throws -> Void
  ) throws -> MemberChecks? {
    caller?.useHome()
    let local = LocalChecks(network: network, sends: sends, isRosterUsable: isRosterUsable, caller: caller)
    try report(local.settings() + local.libraries())
    let (secretFindings, ring) = local.secret()
    try report(secretFindings + local.signing(of: ownID, ring))
    try report([local.state(of: ownID, ring)])
    do {
      let (interfaces, isFallback) = try network.findInterfaces()
      let checks = InterfaceChecks(
        network: network, all: InterfaceStatus.all(withTies: true), used: interfaces.map(\.name), isFallback: isFallback
      )
      try report(checks.interfaces() + [checks.route()] + checks.limits())
      let heardSelf = GroupChecks(network: network, interfaces: interfaces).selfTest()
      try report(interfaces.flatMap { checks.kernel($0.name) } + [heardSelf])
      if let ring {
        return MemberChecks(
          ring, network, ownID: ownID, on: interfaces, checks, isSelfHeard: heardSelf.verdict == .ok)
      }
      try report([.warning("members", "cannot listen without a secret", "see the secret above, and try again")])
    } catch let error as NetworkError {
      try report([.failure("interface", "\(error)", nil)])
    }
    return nil
  }
}
