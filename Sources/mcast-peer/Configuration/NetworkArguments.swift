import ArgumentParser
import MulticastDTLS

/// What all commands that use the network take: the group, the interfaces, the members, the secret and the state.
struct NetworkArguments: ParsableArguments {
  @Option(
    name: .shortAndLong,
    parsing: .unconditional,
    help: .init(
      """
      The multicast group, IPv4 or IPv6, and its UDP port if it is not \(GroupAddress.defaultPort): 239.255.0.1:12345, \
      [ff15::1]:12345, [ff12::1%eth0]:12345. (default: \(GroupAddress.standard))
      """,
      valueName: "address[:port]"
    ),
    transform: { try GroupAddress($0) }
  )
  var group: GroupAddress?

  @Option(
    name: [.customShort("I"), .customLong("interface")],
    parsing: .unconditionalSingleValue,
    help: .init(
      """
      Join and send on this interface. If an address is given, send from it. Give it again to join more interfaces; the first \
      is sent on. (default: the one that the kernel's route for the group names, now and later, and loopback until \
      there is a route)
      """,
      valueName: "name|address"
    ),
    completion: .shellCommand("ls /sys/class/net 2>/dev/null")
  )
  var interfaces: [String] = []

  @Option(
    name: .customLong("source"),
    parsing: .unconditionalSingleValue,
    help: .init(
      "Hear this source address and no other (source-specific multicast). Can be given again.", valueName: "address"),
    transform: { try address($0) }
  )
  var sources: [IPAddress] = []

  @Option(
    name: .shortAndLong,
    parsing: .unconditional,
    help: """
      The TTL or hop limit of what is sent, 0 to 255: 0 stays on this machine, 1 on the local network. (default: 1)
      """,
    transform: { try number($0, in: 0...255, "a TTL") }
  )
  var ttl: UInt8?

  @Flag(help: "Do not send to other peers on this machine (where the interface is not loopback).")
  var noLoop = false

  @Option(
    parsing: .unconditional,
    help: .init(
      "All members, this node among them, as ranges and IDs: 0-2,7; 0-255 is everyone, and then nobody is missed. (default: 0-2)",
      valueName: "ids"
    ),
    transform: { try MemberSet($0) }
  )
  var peers: MemberSet?

  @Option(
    name: [.customShort("k"), .long],
    parsing: .unconditional,
    help: .init(
      """
      Read the key ring from this file, which only its owner may use (or root's, readable by a group of this process): up to \
      four secrets, one a line.
      """,
      valueName: "path"),
    completion: .file()
  )
  var secretFile: String?

  @Flag(help: "Encrypt what is sent, and take encrypted messages only; all members must do the same.")
  var encrypt = false

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
    ),
    completion: .directory
  )
  var stateDir: String?

  @Option(
    parsing: .unconditional,
    help: .init(
      """
      The time between two writings of how far the others were heard. A new epoch is written at once. After a power cut or \
      kill -9, messages since the last writing can be accepted again, from a recording. (default: 30)
      """,
      valueName: "seconds"
    ),
    transform: { try Interval($0, "a state interval") }
  )
  var stateInterval: Interval?

  @Flag(
    help: """
      Start with --encrypt though there is no state: this node has never sent with this secret. Give it once, where a secret \
      was copied to this machine. If the node has ever sent with this secret, change the secret instead.
      """)
  var newNode = false

  @Option(
    parsing: .unconditional,
    help: .init(
      """
      The library that computes inside wolfSSL's record layer: libcrypto (OpenSSL's, several times faster) or wolfssl. \
      Both make the same records. (default: libcrypto)
      """,
      valueName: "name"
    ),
    completion: .list(RecordEngine.allCases.map(\.rawValue)),
    transform: { try choice($0, "the engine") }
  )
  var engine: RecordEngine?

  @Flag(help: "Let a crash write this process's memory to disk, and with it the keys; for those who debug.")
  var allowCoreDumps = false

  @Flag(name: .shortAndLong, help: "Say more on standard error.")
  var verbose = false

  private static func address(_ text: String) throws -> IPAddress {
    guard let address = IPAddress(text), !address.isMulticast else {
      throw ValidationError("'\(text)' is no sender's address: give one such as 192.0.2.7 or 2001:db8::7")
    }
    return address
  }
}
