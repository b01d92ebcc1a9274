import ArgumentParser
import MulticastDTLS

/// What is to be done: what the command line says, what the environment says where that is silent, and else the defaults.
struct Options {
  let nodeID: MemberID
  let group: GroupAddress
  let sources: [IPAddress]
  let ttl: UInt8
  let isLooping: Bool
  let peers: MemberSet
  let input: Input
  /// How many messages are sent at most.
  let count: UInt64?
  let output: OutputFormat
  /// Whether a message ends with its last byte on standard output, and one takes all of standard input.
  let isDatagram: Bool
  let deadline: Interval?
  let expected: Int?
  let secretFile: String?
  let suite: CipherSuite
  let stats: Bool
  let allowsCoreDumps: Bool
  let isVerbose: Bool

  private let message: String?
  private let interfaceNames: [String]
  private let epoch: Epoch?
  private let stateDir: String?
  private let engine: RecordEngine

  /// Where messages to send come from.
  enum Input {
    case timer(Interval)
    case pacer(Rate)
    /// The lines of standard input, at most so many a second.
    case lines(Rate?)
    /// All of standard input, as one message.
    case whole
    case none
  }

  /// - Parameters:
  ///   - line: What the command line says.
  ///   - environment: What the environment says.
  /// - Throws: `ValidationError` if that is not enough, or contradicts itself.
  init(_ line: Settings, _ environment: Settings) throws {
    guard let nodeID = line.nodeID ?? environment.nodeID else {
      throw ValidationError("the <node-id> is missing: give this node's own ID, 0 to 255")
    }
    self.nodeID = nodeID
    group = line.group ?? environment.group ?? .standard
    interfaceNames = line.interfaces.isEmpty ? environment.interfaces : line.interfaces
    sources = line.sources.isEmpty ? environment.sources : line.sources
    ttl = line.ttl ?? environment.ttl ?? 1
    isLooping = !line.noLoop && !environment.noLoop
    peers = line.peers ?? environment.peers ?? MemberSet(0...2)
    output = line.output ?? environment.output ?? .text
    isDatagram = line.datagram || environment.datagram
    deadline = line.deadline ?? environment.deadline
    expected = line.expect ?? environment.expect
    secretFile = line.secretFile ?? environment.secretFile
    suite = line.encrypt || environment.encrypt ? .pskChaCha20Poly1305 : .wdmNullSHA256
    epoch = line.epoch ?? environment.epoch
    stateDir = line.stateDir ?? environment.stateDir
    engine = line.engine ?? environment.engine ?? .libcrypto
    stats = line.stats || environment.stats
    allowsCoreDumps = line.allowCoreDumps || environment.allowCoreDumps
    isVerbose = line.verbose || environment.verbose

    let chosen = Self.sending(line, environment)
    try Self.check(chosen)
    input = Self.input(of: chosen, isDatagram: isDatagram)
    if case .none = input, line.count != nil || line.message != nil {
      throw ValidationError("--listen receives only: leave out --count and --message, or see --expect")
    }
    count = line.count ?? environment.count
    message = line.message ?? environment.message
    try check(givesMessage: line.message != nil, givesDatagram: line.datagram)
  }

  /// After how many messages it ends; nil where there is more to do than to receive.
  var limit: Int? {
    if case .none = input { return expected }
    return nil
  }

  /// What is said of what to send and when: what the line says, and what it leaves of what the environment says.
  private static func sending(_ line: Settings, _ environment: Settings) -> Settings {
    var chosen = line
    if !line.listen && line.interval == nil { chosen.stdin = line.stdin || environment.stdin }
    if !line.stdin && line.interval == nil && line.rate == nil { chosen.listen = line.listen || environment.listen }
    if !line.listen && !line.stdin && line.rate == nil { chosen.interval = line.interval ?? environment.interval }
    if !line.listen && line.interval == nil { chosen.rate = line.rate ?? environment.rate }
    return chosen
  }

  private static func check(_ settings: Settings) throws {
    if settings.rate != nil, settings.interval != nil {
      throw ValidationError("--rate and --interval both say how often to send: give one of them")
    }
    if settings.stdin, settings.interval != nil {
      throw ValidationError("--stdin sends a line when it is there: leave out --interval, or give --rate instead")
    }
    if settings.listen, settings.stdin || settings.rate != nil || settings.interval != nil {
      throw ValidationError("--listen receives only: leave out --stdin, --rate and --interval")
    }
  }

  private static func input(of settings: Settings, isDatagram: Bool) -> Input {
    if settings.listen { return .none }
    if settings.stdin { return isDatagram ? .whole : .lines(settings.rate) }
    return settings.rate.map { .pacer($0) } ?? .timer(settings.interval ?? Interval(seconds: 3))
  }

  private func check(givesMessage: Bool, givesDatagram: Bool) throws {
    guard peers.contains(nodeID) else {
      let all = MemberSet(peers.members + [nodeID])
      throw ValidationError("node ID \(nodeID) is not among --peers \(peers): give all members, as in --peers \(all)")
    }
    guard stateDir != "" else { throw ValidationError("--state-dir is empty: name a directory, or leave it out") }
    if let other = sources.first(where: { $0.isIPv4 != group.address.isIPv4 }) {
      throw ValidationError("--source \(other) cannot send to \(group): one is an IPv4 address, and the other IPv6")
    }
    guard isLooping || ttl > 0 else {
      throw ValidationError("with --no-loop and --ttl 0 nobody would hear this node: leave one of them out")
    }
    switch input {
    case .lines, .whole:
      if givesMessage { throw ValidationError("--stdin and --message both say what to send: give one of them") }
    case .none:
      break
    case .timer, .pacer:
      // The longest message that can come, so that none turns out too long later.
      let longest = text(number: count ?? Self.countLimit).utf8.count
      let limit = suite.maximumPayload
      guard longest <= limit else {
        throw ValidationError(
          "the message is too long: with its number it can have \(longest) bytes, and one record carries at most \(limit)"
        )
      }
    }
    if givesDatagram, output != .raw {
      guard case .whole = input else {
        throw ValidationError("--datagram says how to take --stdin, or how -o raw writes: give one of these, too")
      }
    }
  }

  /// More messages than this cannot be sent with one secret: 65,535 epochs of 2^32.
  static let countLimit = UInt64(UInt16.max) << 32

  /// The text of a message.
  func text(number: UInt64) -> String {
    "\(message ?? "Hello from node \(nodeID)"), message #\(number)"
  }

  /// The interfaces to use, of which the first is sent on, and whether that is loopback for want of a route.
  func findInterfaces() throws -> ([NetworkInterface], isFallback: Bool) {
    let named = try interfaceNames.map { try NetworkInterface($0) }.eachOnce
    if let zone = group.zone {
      let ofZone = try NetworkInterface(zone)
      guard named.isEmpty || named[0] == ofZone else {
        throw ValidationError(
          "the group \(group) is one of \(ofZone.name), and --interface names \(named[0].name): give one of them")
      }
      return (named.isEmpty ? [ofZone] : named, false)
    }
    if !named.isEmpty { return (named, false) }
    if let routed = try NetworkInterface(routeTo: group) { return ([routed], false) }
    return ([try .standard(for: group)], true)
  }

  /// The peer that these options describe.
  func peerConfiguration(interfaces: [NetworkInterface]) throws -> MulticastPeer.Configuration {
    var configuration = MulticastPeer.Configuration(
      member: nodeID, peers: peers, group: group, interface: interfaces[0], state: try stateDirectory())
    configuration.interfaces = interfaces
    configuration.sources = sources
    configuration.timeToLive = ttl
    configuration.isLooping = isLooping
    configuration.suite = suite
    configuration.epoch = epoch
    configuration.engine = engine
    return configuration
  }

  /// Where the state is kept; nil if there is no place for it and the epoch is given.
  private func stateDirectory() throws -> StateDirectory? {
    if let stateDir { return StateDirectory(path: stateDir) }
    return epoch == nil ? try .standard() : try? .standard()
  }
}
