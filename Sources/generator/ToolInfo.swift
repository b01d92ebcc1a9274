/// The output of `mcast-peer --experimental-dump-help`: the used part of ArgumentParser's format.
struct ToolInfo: Decodable {
  private let command: Command

  /// The program, which takes what its default command takes.
  var program: Command {
    let own = command.subcommands?.first { $0.commandName == command.defaultSubcommand } ?? command
    return Command(
      commandName: command.commandName, abstract: own.abstract, discussion: own.discussion, arguments: own.arguments,
      defaultSubcommand: nil, subcommands: command.subcommands, shouldDisplay: true)
  }

  struct Command: Decodable {
    let commandName: String
    let abstract: String?
    let discussion: String?
    let arguments: [Argument]?
    let defaultSubcommand: String?
    let subcommands: [Command]?
    let shouldDisplay: Bool

    /// The visible subcommands, without `help`: each command has --help.
    var shownCommands: [Command] { (subcommands ?? []).filter { $0.shouldDisplay && $0.commandName != "help" } }
  }

  struct Argument: Decodable {
    enum Kind: String, Decodable {
      case positional, option, flag
    }

    struct Name: Decodable, Hashable {
      enum Kind: String, Decodable {
        case long, short, longWithSingleDash
      }

      let kind: Kind
      let name: String

      /// The name with its dashes.
      var text: String { (kind == .long ? "--" : "-") + name }
    }

    /// The values that a shell can complete.
    struct Completion: Decodable {
      struct Words: Decodable {
        let values: [String]
      }
      struct Files: Decodable {}
      struct Command: Decodable {
        let command: String
      }
      struct Own: Decodable {}

      let list: Words?
      let file: Files?
      let directory: Files?
      let shellCommand: Command?
      /// Present if the program itself prints the values.
      let custom: Own?
    }

    let kind: Kind
    /// The title of its option group; nil without a group.
    let sectionTitle: String?
    let names: [Name]?
    let isRepeating: Bool
    let completionKind: Completion?
    let valueName: String?
    let isOptional: Bool
    let abstract: String?
    let shouldDisplay: Bool

    /// The long name, without dashes.
    var longName: String? { names?.first { $0.kind == .long }?.name }
  }
}
