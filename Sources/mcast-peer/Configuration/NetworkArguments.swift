import ArgumentParser
import MulticastDTLS

/// The options that all commands on the network share.
struct NetworkArguments: ParsableArguments {
  @OptionGroup(title: "Group and network") var group: GroupArguments
  @OptionGroup(title: "Secret and state") var keys: KeyArguments

  @Flag(name: .shortAndLong, help: "Print more log lines on standard error.")
  var verbose = false
}

/// The options of the group, its members and the network interface.
struct GroupArguments: ParsableArguments {
  @Option(
    name: [.customShort("g"), .customLong("group")],
    parsing: .unconditional,
    help: .init(
      """
      Multicast group, IPv4 or IPv6, and its UDP port if it is not \(GroupAddress.defaultPort): 239.255.0.1:12345, \
      [ff15::1]:12345, [ff12::1%eth0]:12345. (default: \(GroupAddress.standard))
      """,
      valueName: "address[:port]"
    ),
    transform: { try GroupAddress($0) }
  )
  var address: GroupAddress?

  @Option(
    name: [.customShort("I"), .customLong("interface")],
    parsing: .unconditionalSingleValue,
    help: .init(
      """
      Network interface to join and send on. An address is also the source of outgoing messages. Repeat the option to \
      join more interfaces; the first one sends. (default: the kernel's route for the group, and loopback while there \
      is none)
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
      "Source address to accept, and no other (source-specific multicast). Repeatable.", valueName: "address"),
    transform: { try address($0) }
  )
  var sources: [IPAddress] = []

  @Option(
    name: .shortAndLong,
    parsing: .unconditional,
    help: """
      TTL (IPv6: hop limit) of outgoing messages, 0 to 255: 0 reaches this machine, 1 the local network. (default: 1)
      """,
    transform: { try number($0, in: 0...255, "a TTL") }
  )
  var ttl: UInt8?

  @Flag(help: "Do not send to other peers on this machine (unless the interface is loopback).")
  var noLoop = false

  @Option(
    parsing: .unconditional,
    help: .init(
      """
      Member IDs of the group, including this one, the same list at each: 0-2,7. 0-255 is everyone, and no \
      absence is reported. (default: 0-2; watch, status and doctor hear everyone)
      """,
      valueName: "ids"
    ),
    transform: { try MemberSet($0) }
  )
  var peers: MemberSet?

  @Option(
    parsing: .unconditional,
    help: .init(
      """
      File of the members, instead of --peers: one a line, ID [ed25519 KEY] [NAME] [listens]. It is read again when it \
      changes. (default: the file 'roster' beside the secret's file, if there is one)
      """,
      valueName: "path"),
    completion: .file()
  )
  var roster: String?

  private static func address(_ text: String) throws -> IPAddress {
    guard let address = IPAddress(text), !address.isMulticast else {
      throw ValidationError("'\(text)' is no sender's address: give one such as 192.0.2.7 or 2001:db8::7")
    }
    return address
  }
}

/// The options of the secret, the encryption and the state on disk.
struct KeyArguments: ParsableArguments {
  @Option(
    name: [.customShort("k"), .long],
    parsing: .unconditional,
    help: .init(
      """
      File of the key ring: up to four secrets, one a line. Only its owner may have access (or root's file, readable \
      by a group of this process).
      """,
      valueName: "path"),
    completion: .file()
  )
  var secretFile: String?

  @Flag(help: "Read the files of secret, roster and identity again only on SIGHUP, and not when they change.")
  var noWatchFiles = false

  @Flag(help: "Encrypt messages, and accept only encrypted ones. All members must use it.")
  var encrypt = false

  @Flag(
    help: """
      Sign messages, and accept only those that the roster's public key of their sender verifies. All members must use it. \
      Under a secret that begins with signed: they do so without it.
      """)
  var sign = false

  @Option(
    parsing: .unconditional,
    help: .init(
      """
      File of this member's identity, which signs its messages. Only its owner may have access. (default: identity-ID \
      beside the secret's file)
      """,
      valueName: "path"),
    completion: .file()
  )
  var identity: String?

  @Option(
    parsing: .unconditional,
    help: .init(
      """
      Crypto library: libcrypto (OpenSSL, several times faster) or wolfssl. Both send the same packets. (default: libcrypto)
      """,
      valueName: "name"
    ),
    completion: .list(RecordEngine.allCases.map(\.rawValue)),
    transform: { try choice($0, "the engine") }
  )
  var engine: RecordEngine?

  @Option(
    parsing: .unconditional,
    help: .init(
      """
      Directory of the state: this member's epochs, and the last message numbers of the others. (default: \
      $STATE_DIRECTORY, else ${XDG_STATE_HOME:-~/.local/state}/mcast-peer)
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
      Time between two writes of the message numbers heard. (A new epoch is written at once.) After a power cut or kill \
      -9, recorded messages since the last write can be accepted again. (default: 30)
      """,
      valueName: "seconds"
    ),
    transform: { try Interval($0, "a state interval") }
  )
  var stateInterval: Interval?

  @Flag(
    help: """
      Start with --encrypt and without state: this member has never sent with this secret. Use it once, after copying a \
      secret to this machine. If this member has ever sent with this secret, change the secret instead.
      """)
  var newNode = false

  @Option(
    parsing: .unconditional,
    help: .init(
      """
      First epoch, 1 to 65535. It must be higher than all epochs that this member has used: the other members reject \
      messages of earlier ones. (default: one after the last in the state)
      """,
      valueName: "n"
    ),
    transform: { try Epoch(number($0, in: 1...UInt16.max, "an epoch")) }
  )
  var epoch: Epoch?

  @Flag(help: "Allow core dumps, for debugging. A crash then writes the keys in memory to disk.")
  var allowCoreDumps = false
}
