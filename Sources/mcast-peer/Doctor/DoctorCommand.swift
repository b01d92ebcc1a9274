import ArgumentParser
import Glibc
import Logging
import MulticastDTLS

/// `mcast-peer doctor`: finds out why not.
struct DoctorCommand: AsyncParsableCommand {
  /// The word by which it is called.
  static let name = "doctor"

  static let configuration = CommandConfiguration(
    commandName: name,
    _superCommandName: MCastPeer.name,
    abstract: "Find out why nobody is heard: check this machine, the secret, the network and the group.",
    discussion: """
      Each check is a line that begins with ok, warning or failure, and says what to do. It takes the settings of a peer, from \
      the command line and the environment: give it those that the peer has. A member of --peers that is not heard is a \
      failure, and one of 0 to 2, the default, is a warning; 0-255 names nobody. Nothing is sent beyond this machine, nothing is \
      changed, and nothing is left on disk. As root it sees more: whether a firewall here drops what arrives. Called by sudo, it \
      judges the secret and the state of a peer of the user who called it, with that user's rights; sudo passes on no settings from \
      the environment, unless it is told to.

      Exit codes: 0 no failure; 1 a failure; 64 usage.
      """
  )

  /// What standard output has.
  enum Format: String, CaseIterable {
    case text, json
  }

  @Option(
    name: .shortAndLong,
    parsing: .unconditional,
    help: .init("text, a line for each check, or json, an object for each. (default: text)", valueName: "format"),
    completion: .list(Format.allCases.map(\.rawValue)),
    transform: { try choice($0, "the output") }
  )
  var output: Format?

  @Option(
    parsing: .unconditional,
    help: .init("Listen for other members for this time; fractions are allowed. (default: 5)", valueName: "seconds"),
    transform: { try Interval($0, "a time") }
  )
  var wait: Interval?

  @OptionGroup var network: NetworkArguments

  func run() async throws {
    let environment = try Environment.settings()
    let network = try NetworkConfiguration(network, environment.network, peers: MemberSet(0...255))
    try network.check(nil)
    if !network.allowsCoreDumps { try hideMemory() }
    LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
    var hasFailed = false
    func report(_ findings: [Finding]) throws {
      for finding in findings {
        hasFailed = hasFailed || finding.verdict == .failure
        do {
          try StandardStream.write((output == .json ? finding.json : finding.line) + "\n", to: STDOUT_FILENO)
        } catch let error as OutputError where error.isClosed && hasFailed {
          // Nobody reads it any more; what was found until then is the verdict.
          throw ExitCode(1)
        }
      }
    }
    if let members = try checkAllElse(network, ownID: environment.nodeID, report) {
      let code = hasFailed ? 1 : EXIT_SUCCESS
      // While it listens, it has nothing to write by which it would notice.
      StandardStream.standardOutput.whenClosed { _exit(code) }
      try report(await members.findings(after: wait ?? Interval(seconds: 5)))
    }
    if hasFailed { throw ExitCode(1) }
  }

  /// Makes all checks but that of the members, and begins with that. The secrets themselves are gone when this returns.
  ///
  /// - Returns: Nil where nobody can be listened to.
  private func checkAllElse(
    _ network: NetworkConfiguration, ownID: MemberID?, _ report: ([Finding]) throws -> Void
  ) throws -> MemberChecks? {
    let caller = CallingUser.current
    caller?.useHome()
    let local = LocalChecks(network: network, caller: caller)
    try report(local.settings() + local.libraries())
    let (secretFindings, ring) = local.secret()
    try report(secretFindings)
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
      try report([.warning("members", "nobody can be heard without a secret", "see the secret above, and try again")])
    } catch let error as NetworkError {
      try report([.failure("interface", "\(error)", nil)])
    }
    return nil
  }
}
