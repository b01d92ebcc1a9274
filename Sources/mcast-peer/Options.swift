import ArgumentParser
import Glibc
import MulticastDTLS

/// What can be said on the command line.
struct Options: ParsableArguments {
  @Argument(help: "This node's own ID, 0 to 255; no other member may have it.", transform: { try MemberID($0) })
  var nodeID: MemberID

  @Option(
    name: .shortAndLong,
    parsing: .unconditional,
    help: .init(
      "The multicast group, and its UDP port if it is not \(GroupAddress.defaultPort). (default: \(GroupAddress.standard))",
      valueName: "address[:port]"
    ),
    transform: { try GroupAddress($0) }
  )
  var group = GroupAddress.standard

  @Option(
    name: [.customShort("I"), .long],
    parsing: .unconditional,
    help: .init(
      "Join and send on this interface. (default: what the kernel's route for the group says, else loopback)",
      valueName: "name|address"
    )
  )
  var interface: String?

  @Option(
    name: .shortAndLong,
    parsing: .unconditional,
    help: "The TTL of what is sent, 0 to 255: 0 stays on this machine, 1 on the local network. (default: 1)",
    transform: { try number($0, in: 0...255, "a TTL") }
  )
  var ttl: UInt8 = 1

  @Option(
    parsing: .unconditional,
    help: .init(
      "All members, this node among them, as ranges and IDs: 0-2,7; 0-255 is everyone. (default: \(defaultPeers))",
      valueName: "ids"
    ),
    transform: { try MemberSet($0) }
  )
  var peers = defaultPeers
  private static let defaultPeers = MemberSet(0...2)

  @Option(
    name: [.customShort("i"), .customLong("interval")],
    parsing: .unconditional,
    help: .init("The time between messages; fractions are allowed. (default: 3)", valueName: "seconds"),
    transform: { try Interval($0) }
  )
  var givenInterval: Interval?
  /// The time between messages, if no rate was given.
  var interval: Interval { givenInterval ?? Interval(seconds: 3) }

  @Option(
    parsing: .unconditional,
    help: .init(
      "Send so many messages a second instead, in batches where they come together; 0 is as fast as it can.",
      valueName: "messages-per-second"),
    transform: { try Rate($0) }
  )
  var rate: Rate?

  @Option(
    name: .shortAndLong,
    parsing: .unconditional,
    help: .init("Stop after sending so many messages. (default: go on)", valueName: "n"),
    transform: { try number($0, in: 1...countLimit, "a count") }
  )
  var count: UInt64?

  @Option(
    name: .shortAndLong,
    parsing: .unconditional,
    help: .init("Send this text, with ', message #1' and so on after it. (default: a greeting)", valueName: "text")
  )
  var message: String?

  @Option(
    name: [.customShort("k"), .long],
    parsing: .unconditional,
    help: .init(
      "Read the key ring from this file, which only its owner may use: up to four secrets, one a line.",
      valueName: "path")
  )
  var secretFile: String?

  @Flag(
    help: """
      Encrypt what is sent, and take encrypted messages only; all members must do the same. (default: what \
      \(encryptVariable) says: 1 to encrypt, 0 not)
      """
  )
  var encrypt = false
  static let encryptVariable = "MCAST_PEER_ENCRYPT"

  @Option(
    parsing: .unconditional,
    help: .init(
      """
      Begin in this epoch, 1 to 65535, later than all that this node has used: in an earlier one the others do not hear \
      it. (default: the one after the last that was used, as the state says)
      """,
      valueName: "n"
    ),
    transform: { try Epoch(number($0, in: 1...UInt16.max, "an epoch")) }
  )
  var epoch: Epoch?

  @Option(
    parsing: .unconditional,
    help: .init(
      """
      Keep this node's epochs, and how far it has heard the others, in this directory. (default: $STATE_DIRECTORY, else \
      ${XDG_STATE_HOME:-~/.local/state}/mcast-peer)
      """,
      valueName: "path"
    )
  )
  var stateDir: String?

  @Option(
    parsing: .unconditional,
    help: .init(
      """
      What computes the records, which are the same: libcrypto (OpenSSL's, several times faster), or wolfssl and nothing \
      else. (default: libcrypto)
      """,
      valueName: "name"
    ),
    transform: { try engine($0) }
  )
  var engine = RecordEngine.libcrypto

  @Flag(help: "At the end, print a table of what was received, lost and refused; SIGUSR1 prints it at any time.")
  var stats = false

  @Flag(help: "Let a crash write this process's memory to disk, and with it the keys; for those who debug.")
  var allowCoreDumps = false

  @Flag(name: .shortAndLong, help: "Say more on standard error.")
  var verbose = false

  func validate() throws {
    guard peers.contains(nodeID) else {
      let all = MemberSet(peers.members + [nodeID])
      throw ValidationError("node ID \(nodeID) is not among --peers \(peers): give all members, as in --peers \(all)")
    }
    guard rate == nil || givenInterval == nil else {
      throw ValidationError("--rate and --interval both say how often to send: give one of them")
    }
    guard stateDir != "" else { throw ValidationError("--state-dir is empty: name a directory, or leave it out") }
    // The longest message that can come, so that none turns out too long later.
    let longest = text(number: count ?? Self.countLimit).utf8.count
    let limit = try suite.maximumPayload
    guard longest <= limit else {
      throw ValidationError(
        "the message is too long: with its number it can have \(longest) bytes, and one record carries at most \(limit)"
      )
    }
  }

  /// More messages than this cannot be sent with one secret: 65,535 epochs of 2^32.
  private static let countLimit = UInt64(UInt16.max) << 32

  /// The suite that was asked for, on the command line or in the environment.
  var suite: CipherSuite {
    get throws {
      if encrypt { return .pskChaCha20Poly1305 }
      switch unsafe getenv(Self.encryptVariable).map({ unsafe String(cString: $0) }) ?? "" {
      case "1": return .pskChaCha20Poly1305
      case "", "0": return .wdmNullSHA256
      // Whoever meant to encrypt must not be sent in the clear for a slip.
      case let other: throw ValidationError("\(Self.encryptVariable) is '\(other)': set it to 1 to encrypt, or to 0")
      }
    }
  }

  /// The text of a message.
  func text(number: UInt64) -> String {
    "\(message ?? "Hello from node \(nodeID)"), message #\(number)"
  }

  /// The interface to use, and whether it is loopback for want of a route.
  func findInterface() throws -> (NetworkInterface, isFallback: Bool) {
    if let interface { return (try NetworkInterface(interface), false) }
    if let routed = try NetworkInterface(routeTo: group) { return (routed, false) }
    return (try .standard(for: group), true)
  }

  /// The peer that these options describe.
  func peerConfiguration(interface: NetworkInterface) throws -> MulticastPeer.Configuration {
    var configuration = MulticastPeer.Configuration(
      member: nodeID, peers: peers, group: group, interface: interface, state: try stateDirectory())
    configuration.timeToLive = ttl
    configuration.suite = try suite
    configuration.epoch = epoch
    configuration.engine = engine
    return configuration
  }

  /// Where the state is kept; nil if there is no place for it and the epoch is given.
  private func stateDirectory() throws -> StateDirectory? {
    if let stateDir { return StateDirectory(path: stateDir) }
    return epoch == nil ? try .standard() : try? .standard()
  }

  private static func engine(_ text: String) throws -> RecordEngine {
    guard let engine = RecordEngine(rawValue: text) else {
      let all = RecordEngine.allCases.map(\.rawValue).joined(separator: " or ")
      throw ValidationError("give the engine as \(all)")
    }
    return engine
  }

  /// Reads a whole number in a range.
  private static func number<Number: FixedWidthInteger>(
    _ text: String,
    in range: ClosedRange<Number>,
    _ what: String
  ) throws -> Number {
    guard let number = Number(text), range.contains(number) else {
      throw ValidationError("give \(what) as a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }
}
