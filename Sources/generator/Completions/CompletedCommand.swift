/// The completions after a command.
struct CompletedCommand {
  /// The words after the program's name, as in `secret rotate`; empty for the program itself.
  let path: String
  let options: [Option]
  /// The subcommands.
  let commands: [(name: String, abstract: String)]
  /// The first argument; nil if it takes none.
  let argument: Value?

  struct Option {
    /// The names with their dashes, the short one first.
    let names: [String]
    let abstract: String
    let isRepeating: Bool
    /// The value; nil for a flag.
    let value: Value?
  }

  /// The value of an option or argument.
  struct Value {
    let name: String
    let kind: Kind

    enum Kind {
      case words([String])
      case files
      case directories
      /// The words that a shell command prints.
      case printed(String)
      /// The words that the program prints if its arguments are these and then the words before the cursor.
      case own(String)
      /// Any text.
      case free
    }
  }

  /// The program and all its subcommands.
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
        value: argument.kind == .option ? Value(argument, of: path) : nil)
    }
    commands = below.map { ($0.commandName, Self.beginning($0.abstract ?? "")) }
    argument = shown.first { $0.kind == .positional }.map { Value($0, of: path) }
  }

  /// The start of a text, up to its first clause: short enough to stand beside a name.
  private static func beginning(_ text: String) -> String {
    let ends = [": ", "; ", ". ", " ("].compactMap { text.firstRange(of: $0)?.lowerBound }
    let beginning = text[..<(ends.min() ?? text.endIndex)]
    return String(beginning.hasSuffix(".") ? beginning.dropLast() : beginning)
  }
}

extension CompletedCommand.Value {
  fileprivate init(_ argument: ToolInfo.Argument, of path: [String]) {
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
      } else if completion?.custom != nil {
        .own(Self.call(argument, of: path))
      } else {
        .free
      }
  }

  /// The arguments by which ArgumentParser asks the program for values. The two numbers are a place in the line, which no
  /// value here depends on.
  private static func call(_ argument: ToolInfo.Argument, of path: [String]) -> String {
    let name = argument.longName.map { "--\($0)" } ?? "positional@0"
    return "---completion \(path.joined(separator: " ")) -- \(name) 0 0"
  }
}
