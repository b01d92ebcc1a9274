import ArgumentParser
import MulticastDTLS
import SystemPackage

/// The group, members, network, secret and state to use, resolved from command line, environment and defaults, in this
/// order.
struct NetworkConfiguration {
  let group: GroupAddress
  let sources: [IPAddress]
  let ttl: UInt8
  let multicastLoopback: Bool
  let memberSource: MemberSource
  /// The members at the start.
  let members: Members
  let secretFile: String?
  /// True to read the files of the secret and the roster again when they change.
  let watchesFiles: Bool
  let suite: CipherSuite
  /// True if messages are signed under any secret.
  let isSigning: Bool
  let allowsCoreDumps: Bool
  let isVerbose: Bool

  private let interfaceNames: [String]
  private let epoch: Epoch?
  private let isNewMember: Bool
  private let stateInterval: Interval
  private let stateDir: String?
  private let engine: RecordEngine
  private let identity: String?

  /// The default of `--peers` for a peer.
  static let peersOfPeer = MemberSet(0...2)

  /// - Parameters:
  ///   - line: The arguments of the command line.
  ///   - environment: The arguments from the environment.
  ///   - peers: The default of `--peers`.
  /// - Throws: `ValidationError` if arguments contradict each other; ``RosterError`` if there is a roster that cannot be used.
  init(_ line: NetworkArguments, _ environment: NetworkArguments, peers standardPeers: MemberSet) throws {
    let (lineGroup, environmentGroup) = (line.group, environment.group)
    group = lineGroup.address ?? environmentGroup.address ?? .standard
    interfaceNames = lineGroup.interfaces.isEmpty ? environmentGroup.interfaces : lineGroup.interfaces
    sources = lineGroup.sources.isEmpty ? environmentGroup.sources : lineGroup.sources
    ttl = lineGroup.ttl ?? environmentGroup.ttl ?? 1
    multicastLoopback = !lineGroup.noLoop && !environmentGroup.noLoop
    let (lineKeys, environmentKeys) = (line.keys, environment.keys)
    secretFile = lineKeys.secretFile ?? environmentKeys.secretFile
    watchesFiles = !lineKeys.noWatchFiles && !environmentKeys.noWatchFiles
    // Both options name the members: one of them on the command line replaces the other in the environment.
    let membership = lineGroup.peers != nil || lineGroup.roster != nil ? lineGroup : environmentGroup
    guard membership.peers == nil || membership.roster == nil else {
      throw ValidationError("--peers and --roster exclude each other: give one of them")
    }
    memberSource = MemberSource(
      listed: membership.peers, roster: membership.roster, secretFile: secretFile, standard: standardPeers)
    members = try memberSource.read()
    suite = lineKeys.encrypt || environmentKeys.encrypt ? .pskChaCha20Poly1305 : .wdmNullSHA256
    isSigning = lineKeys.sign || environmentKeys.sign
    identity = lineKeys.identity ?? environmentKeys.identity
    stateDir = lineKeys.stateDir ?? environmentKeys.stateDir
    stateInterval = lineKeys.stateInterval ?? environmentKeys.stateInterval ?? Interval(seconds: 30)
    // Both options set the first epoch: one of them on the command line replaces the other in the environment.
    let first = lineKeys.newNode || lineKeys.epoch != nil ? lineKeys : environmentKeys
    isNewMember = first.newNode
    epoch = first.epoch
    guard !isNewMember || epoch == nil else {
      throw ValidationError(
        "--new-node means that this member has never sent with this secret, --epoch that it may have: give one of them"
      )
    }
    engine = lineKeys.engine ?? environmentKeys.engine ?? .libcrypto
    guard engine == .libcrypto || !isSigning else {
      throw ValidationError(
        "--engine wolfssl computes records without a hook, where no signature can be verified in time: leave out it or --sign"
      )
    }
    allowsCoreDumps = lineKeys.allowCoreDumps || environmentKeys.allowCoreDumps
    isVerbose = line.verbose || environment.verbose
  }

  /// Checks the configuration for a member.
  ///
  /// - Parameter nodeID: The ID of the member; nil only listens.
  /// - Throws: `ValidationError` if this member cannot run with it.
  func check(_ nodeID: MemberID?) throws {
    if let nodeID { try members.check(nodeID) }
    guard identity != "" else { throw ValidationError("--identity is empty: name a file, or leave it out") }
    guard stateDir != "" else { throw ValidationError("--state-dir is empty: name a directory, or leave it out") }
    if let other = sources.first(where: { $0.isIPv4 != group.address.isIPv4 }) {
      throw ValidationError("--source \(other) cannot send to \(group): give two IPv4 or two IPv6 addresses")
    }
    guard multicastLoopback || ttl > 0 else {
      throw ValidationError("with --no-loop and --ttl 0 nobody would hear this member: leave one of them out")
    }
  }

  /// The file of a member's identity.
  func identitySource(of member: MemberID) -> IdentitySource {
    IdentitySource(of: member, identity: identity, secretFile: secretFile)
  }

  /// The most bytes of a message, under a secret that does not require signatures by itself.
  var maximumPayload: Int { isSigning ? suite.maximumSignedPayload : suite.maximumPayload }

  /// The members at the start, without their names.
  var peers: MemberSet { members.all }

  /// True if an interface was given, by `--interface` or by the zone of the group.
  var namesInterface: Bool { !interfaceNames.isEmpty || group.zone != nil }

  /// The given interfaces, the sending one first; empty if the kernel's route chooses.
  ///
  /// - Throws: ``NetworkError`` if one does not exist; `ValidationError` if the group is on another one.
  func namedInterfaces() throws -> [NetworkInterface] {
    let named = NetworkInterface.uniqued(try interfaceNames.map { try NetworkInterface($0) })
    if let zone = group.zone {
      let ofZone = try NetworkInterface(zone)
      guard named.isEmpty || named[0].index == ofZone.index else {
        throw ValidationError(
          "the group \(group) is on \(ofZone.name), but --interface is \(named[0].name): give one of them")
      }
      return named.isEmpty ? [ofZone] : named
    }
    return named
  }

  /// The interfaces to use now, the sending one first. `isFallback` is true on loopback if the kernel has no route.
  func findInterfaces() throws -> ([NetworkInterface], isFallback: Bool) {
    let named = try namedInterfaces()
    if !named.isEmpty { return (named, false) }
    if let routed = try NetworkInterface(routeTo: group) { return ([routed], false) }
    return ([try .standard(for: group)], true)
  }

  /// Warnings about the members and the group. The library logs those about interfaces.
  var warnings: [String] {
    var warnings: [String] = []
    if let unused = memberSource.unusedRoster {
      warnings.append("the roster \(unused) is not used, since --peers names the members: leave --peers out to use it")
    }
    if group.isSourceSpecific, sources.isEmpty {
      warnings.append(
        "\(group) is source-specific (RFC 4607): routers forward listed senders only; list them with --source")
    }
    return warnings
  }

  /// The configuration of a peer of the library.
  ///
  /// - Parameters:
  ///   - nodeID: The member ID; nil only listens.
  ///   - interfaces: The interfaces to use; an empty array follows the kernel's route.
  ///   - isListening: True for a member that sends nothing, which can do without a state.
  func peerConfiguration(
    _ nodeID: MemberID?, interfaces: [NetworkInterface], isListening: Bool = false
  ) throws -> MulticastPeer.Configuration {
    let state = nodeID == nil ? nil : isListening ? try? stateDirectory() : try stateDirectory()
    var configuration = MulticastPeer.Configuration(
      member: nodeID, peers: peers, group: group, suite: suite, state: state)
    configuration.isListening = isListening
    configuration.listeners = members.roster.listeners
    configuration.publicKeys = members.roster.publicKeys
    configuration.isSigning = isSigning
    configuration.interfaces = interfaces
    configuration.sources = sources
    configuration.timeToLive = ttl
    configuration.multicastLoopback = multicastLoopback
    configuration.epoch = epoch
    configuration.isNewMember = isNewMember
    configuration.stateInterval = stateInterval.duration
    configuration.engine = engine
    return configuration
  }

  /// True if `--state-dir` was given.
  var namesState: Bool { stateDir != nil }

  /// The state directory; nil if there is none and `--epoch` was given.
  ///
  /// - Throws: An error if there is none and `--epoch` was not given.
  func stateDirectory() throws -> StateDirectory? {
    if let stateDir { return StateDirectory(path: FilePath(stateDir)) }
    return epoch == nil ? try .standard() : try? .standard()
  }
}
