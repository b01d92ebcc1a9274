/// Completions for fish. Source: its manual, `complete`.
struct FishCompletions {
  private let commands: [CompletedCommand]
  private let name: String
  private let function: String

  init(_ tool: ToolInfo.Command) {
    commands = CompletedCommand.all(tool)
    name = tool.commandName
    function = "__\(name.replacing("-", with: "_"))_after"
  }

  var text: String {
    """
    # Completions of \(name) for fish, generated from its options.

    # True if the words before the cursor end in a command; with a second argument, only if it has no argument yet.
    function \(function) -a wanted first
        set -l command ''
        set -l is_value 0
        set -l has_argument 0
        for word in (commandline -opc)[2..]
            if test $is_value = 1
                set is_value 0
                continue
            end
            switch "$command $word"
                case \(patterns(options).joined(separator: " "))
                    set is_value 1
                case '* -*'
                case \(patterns(below).joined(separator: " "))
                    test $has_argument = 1; or set command (string trim -- "$command $word")
                case '*'
                    set has_argument 1
            end
        end
        test "$command" = "$wanted"; or return 1
        test -z "$first" -o $has_argument = 0
    end

    complete -c \(name) -f
    \(commands.flatMap(lines).joined(separator: "\n"))

    """
  }

  /// Patterns of a command's path and one of its words.
  private func patterns(_ words: (CompletedCommand) -> [String]) -> [String] {
    commands.flatMap { command in words(command).map { "'\(command.path) \($0)'" } }
  }

  private func options(_ command: CompletedCommand) -> [String] {
    command.options.filter { $0.value != nil }.flatMap(\.names)
  }

  private func below(_ command: CompletedCommand) -> [String] { command.commands.map(\.name) }

  private func lines(_ command: CompletedCommand) -> [String] {
    let start = "complete -c \(name) -n '\(function) \"\(command.path)\""
    let options = command.options.map { option in
      let names = option.names.map { $0.hasPrefix("--") ? "-l \($0.dropFirst(2))" : "-s \($0.dropFirst())" }
      let value = option.value.map { " -r " + offer($0.kind) } ?? ""
      return "\(start)' \(names.joined(separator: " "))\(value) -d \(quoted(option.abstract))"
    }
    let below = command.commands.map { "\(start) first' -a \($0.name) -d \(quoted($0.abstract))" }
    guard command.commands.isEmpty, let argument = command.argument else { return options + below }
    if case .free = argument.kind { return options }
    return options + ["\(start) first' \(offer(argument.kind))"]
  }

  private func offer(_ kind: CompletedCommand.Value.Kind) -> String {
    switch kind {
    case .words(let words): "-f -a \(quoted(words.joined(separator: " ")))"
    case .files: "-F"
    case .directories: "-f -a '(__fish_complete_directories (commandline -ct))'"
    case .printed(let line): "-f -a '(\(line))'"
    // fish reports an unknown command on the terminal, and no redirection stops it.
    case .own(let call): "-f -a '(command -q \(name); and \(name) \(call) (commandline -opc) </dev/null 2>/dev/null)'"
    case .free: "-f"
    }
  }

  private func quoted(_ text: String) -> String {
    "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
  }
}
