import ArgumentParser
import MulticastDTLS

/// Where and with whom to talk, and under which secret: what the command line says, what the environment says where that is
/// silent, and else the defaults.
struct NetworkConfiguration {
  let group: GroupAddress
  let sources: [IPAddress]
  let ttl: UInt8
  let multicastLoopback: Bool
  let peers: MemberSet
  /// Whether somebody has said who the members are.
  let namesPeers: Bool
  let secretFile: String?
  let suite: CipherSuite
  let allowsCoreDumps: Bool
  let isVerbose: Bool

  private let interfaceNames: [String]
  private let epoch: Epoch?
  private let isNewNode: Bool
  private let stateInterval: Interval
  private let stateDir: String?
  private let engine: RecordEngine

  /// The members that a peer listens to where nobody says who they are.
  static let peersOfPeer = MemberSet(0...2)

  /// - Parameters:
  ///   - line: What the command line says.
  ///   - environment: What the environment says.
  ///   - peers: The members if neither says who they are.
  /// - Throws: `ValidationError` if they contradict each other.
  init(_ line: NetworkArguments, _ environment: NetworkArguments, peers standardPeers: MemberSet) throws {
    group = line.group ?? environment.group ?? .standard
    interfaceNames = line.interfaces.isEmpty ? environment.interfaces : line.interfaces
    sources = line.sources.isEmpty ? environment.sources : line.sources
    ttl = line.ttl ?? environment.ttl ?? 1
    multicastLoopback = !line.noLoop && !environment.noLoop
    let named = line.peers ?? environment.peers
    (peers, namesPeers) = (named ?? standardPeers, named != nil)
    secretFile = line.secretFile ?? environment.secretFile
    suite = line.encrypt || environment.encrypt ? .pskChaCha20Poly1305 : .wdmNullSHA256
    stateDir = line.stateDir ?? environment.stateDir
    stateInterval = line.stateInterval ?? environment.stateInterval ?? Interval(seconds: 30)
    // Both say where to begin: what the command line says of that, it says instead of the environment.
    let beginning = line.newNode || line.epoch != nil ? line : environment
    (isNewNode, epoch) = (beginning.newNode, beginning.epoch)
    guard !isNewNode || epoch == nil else {
      throw ValidationError(
        "--new-node says that this node has never sent with this secret, and --epoch that it may have: give one of them"
      )
    }
    engine = line.engine ?? environment.engine ?? .libcrypto
    allowsCoreDumps = line.allowCoreDumps || environment.allowCoreDumps
    isVerbose = line.verbose || environment.verbose
  }

  /// - Throws: `ValidationError` if a node with this ID cannot run so.
  func check(_ nodeID: MemberID?) throws {
    if let nodeID, !peers.contains(nodeID) {
      let all = MemberSet(peers.members + [nodeID])
      throw ValidationError("node ID \(nodeID) is not among --peers \(peers): give all members, as in --peers \(all)")
    }
    guard stateDir != "" else { throw ValidationError("--state-dir is empty: name a directory, or leave it out") }
    if let other = sources.first(where: { $0.isIPv4 != group.address.isIPv4 }) {
      throw ValidationError("--source \(other) cannot send to \(group): one is an IPv4 address, and the other IPv6")
    }
    guard multicastLoopback || ttl > 0 else {
      throw ValidationError("with --no-loop and --ttl 0 nobody would hear this node: leave one of them out")
    }
  }

  /// True if somebody has said which interface to use.
  var namesInterface: Bool { !interfaceNames.isEmpty || group.zone != nil }

  /// The interfaces that are named, of which the first is sent on; none if the kernel's route is to choose.
  func namedInterfaces() throws -> [NetworkInterface] {
    let named = NetworkInterface.uniqued(try interfaceNames.map { try NetworkInterface($0) })
    if let zone = group.zone {
      let ofZone = try NetworkInterface(zone)
      guard named.isEmpty || named[0].index == ofZone.index else {
        throw ValidationError(
          "the group \(group) is one of \(ofZone.name), and --interface names \(named[0].name): give one of them")
      }
      return named.isEmpty ? [ofZone] : named
    }
    return named
  }

  /// The interfaces to use now, of which the first is sent on, and whether that is loopback for want of a route.
  func findInterfaces() throws -> ([NetworkInterface], isFallback: Bool) {
    let named = try namedInterfaces()
    if !named.isEmpty { return (named, false) }
    if let routed = try NetworkInterface(routeTo: group) { return ([routed], false) }
    return ([try .standard(for: group)], true)
  }

  /// What a person should know of the group; the library tells of the interfaces.
  var remarks: [String] {
    guard group.isSourceSpecific, sources.isEmpty else { return [] }
    return ["\(group) is a group of which routers pass on single sources only (RFC 4607): name them with --source"]
  }

  /// The peer that these options describe.
  ///
  /// - Parameters:
  ///   - nodeID: Its ID; nil only listens.
  ///   - interfaces: The interfaces to use; none follows the kernel's route.
  ///   - isListening: True if it sends nothing, so that it can do without a state.
  func peerConfiguration(
    _ nodeID: MemberID?, interfaces: [NetworkInterface], isListening: Bool = false
  ) throws -> MulticastPeer.Configuration {
    let state = nodeID == nil ? nil : isListening ? try? stateDirectory() : try stateDirectory()
    var configuration = MulticastPeer.Configuration(
      member: nodeID, peers: peers, group: group, suite: suite, state: state)
    configuration.isListening = isListening
    configuration.interfaces = interfaces
    configuration.sources = sources
    configuration.timeToLive = ttl
    configuration.multicastLoopback = multicastLoopback
    configuration.epoch = epoch
    configuration.isNewNode = isNewNode
    configuration.stateInterval = stateInterval.duration
    configuration.engine = engine
    return configuration
  }

  /// True if somebody has said where the state is kept.
  var namesState: Bool { stateDir != nil }

  /// Where the state is kept; nil if there is no place for it and the epoch is given.
  func stateDirectory() throws -> StateDirectory? {
    if let stateDir { return StateDirectory(path: stateDir) }
    return epoch == nil ? try .standard() : try? .standard()
  }
}
