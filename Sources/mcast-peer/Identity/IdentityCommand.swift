import ArgumentParser
import CommonSupport
import Glibc
import MulticastDTLS
import SystemPackage

/// `mcast-peer identity`: makes and shows the identity by which a member signs its messages.
struct IdentityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "identity",
    abstract: "Make or show the identity of a member, which signs its messages in a signed group.",
    discussion: """
      Each member has an identity of its own: an Ed25519 key in a file that only its owner may use. 'new' makes it, and \
      'show' shows it again. Both print the line of the member for the rosters of the others, with the public key, which \
      is no secret. Compare its fingerprint, on standard error, over a channel that you trust. The private key stays on \
      the machine where it was made.

      A running group changes the identity of a member in three steps: make the new one in another file, and add its line \
      to all rosters; replace the former file by the new one; remove the former line. A running peer reads its files again \
      when they change.

      Exit codes: 0 done; 64 usage error; 71 system failure; 77 file or directory open to others; 78 not possible.
      """,
    subcommands: [New.self, Show.self],
    helpNames: [.short, .long]
  )

  /// The arguments of both subcommands.
  struct Arguments: ParsableArguments {
    @Argument(help: "The member's ID, 0 to 255.", transform: { try MemberID($0) })
    var nodeID: MemberID

    @Option(
      parsing: .unconditional,
      help: .init(
        "File of the identity. (default: $MCAST_PEER_IDENTITY, else identity-ID beside the secret's file)",
        valueName: "path"),
      completion: .file())
    var identity: String?

    @Option(
      parsing: .unconditional,
      help: .init("Name of the member in the line. (default: its name in the roster, if it has one)", valueName: "name")
    )
    var name: String?

    @OptionGroup var file: SecretCommand.File

    func validate() throws {
      guard identity != "" else { throw ValidationError("--identity is empty: name a file, or leave it out") }
      if let name, !Roster.isName(name) {
        throw ValidationError(
          "'\(name)' is no name of a member: give at most 63 letters, digits, dots, hyphens and underscores")
      }
    }

    /// The file of the identity.
    func source() throws -> IdentitySource {
      IdentitySource(
        of: nodeID, identity: try identity ?? Environment.value("identity"),
        secretFile: try SecretCommand.File.named(file.secretFile))
    }

    /// Prints the member's line on standard output, and the fingerprint on standard error.
    func show(_ key: PublicKey, in path: FilePath?) throws {
      try StandardStream.write(Roster.line(of: nodeID, key, name: name ?? knownName()) + "\n", to: STDOUT_FILENO)
      printRemark("identity \(path.map { "\($0)".visible } ?? ""), fingerprint \(key.fingerprint)")
    }

    private func knownName() throws -> String? {
      let source = MemberSource(
        listed: nil, roster: try Environment.value("roster"),
        secretFile: try SecretCommand.File.named(file.secretFile), standard: MemberSet())
      return try? source.read().roster.name(of: nodeID)
    }
  }

  struct New: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make the identity of a member, in a new file with mode 0600. An existing file is never overwritten.")

    @OptionGroup var arguments: Arguments

    func run() throws {
      let source = try arguments.source()
      try arguments.show(source.create().publicKey, in: source.path)
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the member's line for rosters, with its public key and never the private one.")

    @OptionGroup var arguments: Arguments

    func run() throws {
      let source = try arguments.source()
      try arguments.show(source.read().publicKey, in: source.path)
    }
  }
}
