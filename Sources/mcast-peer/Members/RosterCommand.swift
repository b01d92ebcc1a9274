import ArgumentParser
import CommonSupport
import Glibc
import MulticastDTLS
import SystemPackage

/// `mcast-peer roster`: compares the public keys of rosters.
struct RosterCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "roster",
    abstract: "Compare the roster of a signed group with those of other members.",
    discussion: """
      A roster lists the members of a group, one a line: ID [ed25519 KEY] [NAME] [listens]. 'mcast-peer identity new' prints \
      the line of a member with its public key. A member that changes its identity has two lines meanwhile.

      Exit codes: 0 done; 64 usage error; 71 system failure; 77 file or directory open to others; 78 not possible.
      """,
    subcommands: [ID.self],
    helpNames: [.short, .long]
  )

  struct ID: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "id",
      abstract: "Print the fingerprint of a roster's public keys, and that of each: equal ones mean equal keys.",
      discussion: "Compare it with the other members, over a channel that you trust. Names do not count."
    )

    @Option(
      parsing: .unconditional,
      help: .init(
        "File of the roster. (default: $MCAST_PEER_ROSTER, else the file 'roster' beside the secret's file)",
        valueName: "path"),
      completion: .file())
    var roster: String?

    @OptionGroup var file: SecretCommand.File

    func run() throws {
      let service = ServiceSettings()
      let named = try SecretCommand.File.named(file.secretFile)
      let source = MemberSource(
        listed: nil, roster: try roster ?? Environment.value("roster"),
        secretFile: named ?? (service.apply(secretFile: nil) ? service.secret.string : nil), standard: MemberSet())
      let members = try source.read()
      guard case .file(let path) = members.origin else {
        throw RosterError.missing("there is no roster\(source.path.map { " \($0)" } ?? ""): name one")
      }
      guard let fingerprint = members.roster.fingerprint else {
        throw RosterError.unusable("the roster \(path) has no public key: add the lines of 'identity show'")
      }
      var lines = ["\(fingerprint)  \("\(path)".visible)"]
      for member in members.all {
        let keys = members.roster.publicKeys[member]?.all ?? []
        lines += keys.map { "\($0.fingerprint)  \(members.named(member))" }
        if keys.isEmpty { lines.append("no public key\(String(repeating: " ", count: 26))  \(members.named(member))") }
      }
      try StandardStream.write(lines.joined(separator: "\n") + "\n", to: STDOUT_FILENO)
    }
  }
}
