/// What can come after a command on the command line, as shells offer it.
struct CompletedCommand {
  /// The words that lead to it, after the program's name: `secret rotate`; empty for the program itself.
  let path: String
  let options: [Option]
  /// The commands below it.
  let commands: [(name: String, abstract: String)]
  /// What its first argument can be; nil if it takes none.
  let argument: Value?

  struct Option {
    /// As they are typed, the short one first.
    let names: [String]
    let abstract: String
    let isRepeating: Bool
    /// What follows it; nil if nothing does.
    let value: Value?
  }

  /// What an option or an argument takes.
  struct Value {
    let name: String
    let kind: Kind

    enum Kind {
      case words([String])
      case files
      case directories
      /// The words that a line of shell prints.
      case printed(String)
      /// Whatever a person likes.
      case free
    }
  }

  /// The program and all its commands.
  static func all(_ tool: ToolInfo.Command) -> [CompletedCommand] { all(tool, path: []) }

  private static func all(_ command: ToolInfo.Command, path: [String]) -> [CompletedCommand] {
    let below = command.shownCommands
    return [CompletedCommand(command, path: path, below: below)]
      + below.flatMap { all($0, path: path + [$0.commandName]) }
  }

  private init(_ command: ToolInfo.Command, path: [String], below: [ToolInfo.Command]) {
    let shown = (command.arguments ?? []).filter(\.shouldDisplay)
    self.path = path.joined(separator: " ")
    options = shown.filter { $0.kind != .positional }.map { argument in
      Option(
        names: (argument.names ?? []).map(\.text).sorted { $0.count < $1.count },
        abstract: Self.beginning(argument.abstract ?? ""), isRepeating: argument.isRepeating,
        value: argument.kind == .option ? Value(argument) : nil)
    }
    commands = below.map { ($0.commandName, Self.beginning($0.abstract ?? "")) }
    argument = shown.first { $0.kind == .positional }.map { Value($0) }
  }

  /// So much of a text as fits beside a name.
  private static func beginning(_ text: String) -> String {
    let ends = [": ", "; ", ". ", " ("].compactMap { text.firstRange(of: $0)?.lowerBound }
    let beginning = text[..<(ends.min() ?? text.endIndex)]
    return String(beginning.hasSuffix(".") ? beginning.dropLast() : beginning)
  }
}

extension CompletedCommand.Value {
  fileprivate init(_ argument: ToolInfo.Argument) {
    name = argument.valueName ?? ""
    let completion = argument.completionKind
    kind =
      if let list = completion?.list {
        .words(list.values)
      } else if completion?.file != nil {
        .files
      } else if completion?.directory != nil {
        .directories
      } else if let line = completion?.shellCommand {
        .printed(line.command)
      } else {
        .free
      }
  }
}
