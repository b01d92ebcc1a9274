/// What `mcast-peer --experimental-dump-help` says of the commands: the part of ArgumentParser's format that is needed here.
struct ToolInfo: Decodable {
  let command: Command

  struct Command: Decodable {
    let commandName: String
    let abstract: String?
    let discussion: String?
    let arguments: [Argument]?
    let subcommands: [Command]?
    let shouldDisplay: Bool

    /// Those that have anything to be told of: each command has --help instead of `help`.
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

      /// As it is typed.
      var text: String { (kind == .long ? "--" : "-") + name }
    }

    /// What a value of it can be, as far as a shell can offer it.
    struct Completion: Decodable {
      struct Words: Decodable {
        let values: [String]
      }
      struct Files: Decodable {}
      struct Command: Decodable {
        let command: String
      }

      let list: Words?
      let file: Files?
      let directory: Files?
      let shellCommand: Command?
    }

    let kind: Kind
    let names: [Name]?
    let isRepeating: Bool
    let completionKind: Completion?
    let valueName: String?
    let isOptional: Bool
    let abstract: String?
    let shouldDisplay: Bool

    /// Its long name, without dashes.
    var longName: String? { names?.first { $0.kind == .long }?.name }
  }
}
