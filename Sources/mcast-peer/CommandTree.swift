import ArgumentParser

/// All commands as one tree, the source of the completions and the manual page. ``MCastPeer`` dispatches by the first
/// word instead, since its own argument is no subcommand.
struct CommandTree: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: MCastPeer.configuration.commandName,
    abstract: MCastPeer.configuration.abstract,
    discussion: MCastPeer.configuration.discussion,
    version: MCastPeer.configuration.version,
    subcommands: [WatchCommand.self, DoctorCommand.self, SecretCommand.self]
  )

  /// The options of the parser that print the tree.
  private static let requests = ["--generate-completion-script", "--experimental-dump-help"]

  @OptionGroup var arguments: PeerArguments

  /// True if the arguments begin with one of these options.
  static func handles(_ arguments: [String]) -> Bool {
    arguments.first.map { first in requests.contains { first == $0 || first.hasPrefix("\($0)=") } } ?? false
  }
}
