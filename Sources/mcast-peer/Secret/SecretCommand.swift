import ArgumentParser

/// `mcast-peer secret`: makes, compares and changes key rings.
struct SecretCommand: ParsableCommand {
  /// The name on the command line.
  static let name = "secret"

  static let configuration = CommandConfiguration(
    commandName: name,
    abstract: "Make, compare and change the secret of a group.",
    discussion: """
      A key ring is a file of up to four secrets, one a line; lines that begin with # are comments. A peer sends with \
      the first secret and accepts all. A running group changes its secret in three steps. Complete each step at all \
      members, in any order, before the next one:

        1. mcast-peer secret rotate add <NEW      (made once: mcast-peer secret new --write NEW)
        2. mcast-peer secret rotate promote KEY-ID
        3. mcast-peer secret rotate drop KEY-ID

      A running peer reads its file again when it changes; SIGHUP makes it do so at once.

      Before step 3, all members must send with the new secret: check the log of the peers on standard error, or the \
      column 'key ID' of their tables (SIGUSR1).

      Exit codes: 0 done; 64 usage error; 71 system failure; 77 file or directory open to others; 78 not possible.
      """,
    subcommands: [New.self, ID.self, Rotate.self],
    helpNames: [.short, .long]
  )

  /// Runs a subcommand.
  static func run(_ command: any ParsableCommand) throws {
    try hideMemory()
    var command = command
    try command.run()
    for text in InvisibleEnds.warnings { warn(text) }
  }
}
