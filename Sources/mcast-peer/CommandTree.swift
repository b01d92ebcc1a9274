import ArgumentParser

/// All commands as one tree, for what is generated from it: the completions of shells, and the manual page. To run one,
/// ``MCastPeer`` looks at the first word alone, since its own arguments may be anything.
struct CommandTree: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: MCastPeer.configuration.commandName,
    abstract: MCastPeer.configuration.abstract,
    discussion: MCastPeer.configuration.discussion,
    version: MCastPeer.configuration.version,
    subcommands: [WatchCommand.self, DoctorCommand.self, SecretCommand.self]
  )

  /// How the parser is asked to generate something, or to tell of a command.
  private static let requests = ["--generate-completion-script", "--experimental-dump-help"]

  @OptionGroup var settings: PeerArguments

  /// Whether the arguments ask for that.
  static func handles(_ arguments: [String]) -> Bool {
    arguments.first.map { first in requests.contains { first == $0 || first.hasPrefix("\($0)=") } } ?? false
  }
}
