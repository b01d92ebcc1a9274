/// Completions for bash. Source: bash(1), Programmable Completion.
struct BashCompletions {
  private let commands: [CompletedCommand]
  private let name: String
  private let function: String

  init(_ tool: ToolInfo.Command) {
    commands = CompletedCommand.all(tool)
    name = tool.commandName
    function = name.replacing("-", with: "_")
  }

  var text: String {
    """
    # Completions of \(name) for bash, generated from its options.

    # Sets the options of a command, its options with a value, and its subcommands.
    __\(function)_command() {
      case $1 in
    \(commands.map(table).joined(separator: "\n"))
      esac
    }

    # Completes the value of an option or argument.
    __\(function)_value() {
      case $1 in
    \(commands.flatMap(values).joined(separator: "\n"))
      esac
    }

    _\(function)() {
      local cur=$2 command= option= argument= word options valued commands given=()
      COMPREPLY=()
      # bash splits "--option=value" into three words.
      [[ $cur != = ]] || cur=
      __\(function)_command ''
      for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        [[ $word == = ]] || given+=("$word")
        if [[ $option ]]; then
          [[ $word == = ]] || option=
        elif [[ $word == -* ]]; then
          [[ " $valued " != *" $word "* ]] || option=$word
        elif [[ ! $argument && " $commands " == *" $word "* ]]; then
          command+=${command:+ }$word
          __\(function)_command "$command"
        else
          argument=$word
        fi
      done
      if [[ $option ]]; then
        __\(function)_value "$command $option"
      elif [[ $cur == -* ]]; then
        __\(function)_words "$options"
      elif [[ ! $argument && $commands ]]; then
        __\(function)_words "$commands"
      elif [[ ! $argument ]]; then
        __\(function)_value "$command"
      fi
    }

    __\(function)_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }
    __\(function)_files() {
      mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
      compopt -o filenames 2>/dev/null
    }

    complete -F _\(function) \(name)

    """
  }

  private func table(_ command: CompletedCommand) -> String {
    let valued = command.options.filter { $0.value != nil }
    return """
        '\(command.path)')
          options='\(command.options.flatMap(\.names).joined(separator: " "))'
          valued='\(valued.flatMap(\.names).joined(separator: " "))'
          commands='\(command.commands.map(\.name).joined(separator: " "))' ;;
      """
  }

  private func values(_ command: CompletedCommand) -> [String] {
    let options = command.options.map { option in
      (option.names.map { "'\(command.path) \($0)'" }.joined(separator: " | "), option.value)
    }
    return (options + [("'\(command.path)'", command.argument)]).compactMap { pattern, value in
      value.flatMap { offer($0.kind) }.map { "  \(pattern)) \($0) ;;" }
    }
  }

  private func offer(_ kind: CompletedCommand.Value.Kind) -> String? {
    switch kind {
    case .words(let words): "__\(function)_words '\(words.joined(separator: " "))'"
    case .files: "__\(function)_files -f"
    case .directories: "__\(function)_files -d"
    case .printed(let line): "__\(function)_words \"$(\(line))\""
    case .own(let call): "__\(function)_words \"$(\(name) \(call) \"${given[@]}\" </dev/null 2>/dev/null)\""
    case .free: nil
    }
  }
}
