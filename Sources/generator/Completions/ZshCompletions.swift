/// Completions for zsh. Source: zshcompsys(1), `_arguments`.
struct ZshCompletions {
  private let commands: [CompletedCommand]
  private let name: String

  init(_ tool: ToolInfo.Command) {
    commands = CompletedCommand.all(tool)
    name = tool.commandName
  }

  var text: String {
    """
    #compdef \(name)
    # Completions of \(name) for zsh, generated from its options.

    # Completes the words after a command, which is given by its path.
    _\(name)_after() {
      local -a specs subcommands
      case $1 in
    \(commands.map(table).joined(separator: "\n"))
      esac
      if (( ! $#subcommands )); then
        _arguments -s -S : $specs
        return
      fi
      local context state state_descr line ret=1
      typeset -A opt_args
      _arguments -s -S : $specs '(-): :->command' '(-)*:: :->rest' && ret=0
      case $state in
      command)
        _describe -V command subcommands && ret=0 ;;
      rest)
        if (( $subcommands[(I)$words[1]:*] )); then
          _\(name)_after "${1:+$1 }$words[1]" && ret=0
        else
          # Options may follow a member ID.
          _arguments -s -S : $specs && ret=0
        fi ;;
      esac
      return ret
    }

    _\(name)() { _\(name)_after '' }

    if [[ $funcstack[1] == _\(name) ]]; then
      _\(name)
    else
      compdef _\(name) \(name)
    fi

    """
  }

  private func table(_ command: CompletedCommand) -> String {
    var specs = command.options.map(spec)
    if command.commands.isEmpty, let argument = command.argument { specs.append(quoted("1:" + value(argument))) }
    let below = command.commands.map { quoted("\($0.name):\($0.abstract)") }
    func lines(_ words: [String]) -> String { words.map { "\n      \($0)" }.joined() }
    return """
        '\(command.path)')
          specs=(\(lines(specs)))
          subcommands=(\(lines(below))) ;;
      """
  }

  /// An option in the syntax of `_arguments`: `'(-g --group)'{-g,--group=}'[The group]:address:'`. The equals sign
  /// allows `--group=VALUE`.
  private func spec(_ option: CompletedCommand.Option) -> String {
    let end = quoted("[\(escaped(option.abstract))]" + (option.value.map { ":" + value($0) } ?? ""))
    let repeats = option.isRepeating ? "'*'" : "'(\(option.names.joined(separator: " ")))'"
    let names = option.names.map { $0.hasPrefix("--") && option.value != nil ? "\($0)=" : $0 }
    return repeats + (names.count > 1 ? "{\(names.joined(separator: ","))}" : names[0]) + end
  }

  private func value(_ value: CompletedCommand.Value) -> String {
    let action =
      switch value.kind {
      case .words(let words): "(\(words.joined(separator: " ")))"
      case .files: "_files"
      case .directories: "_files -/"
      case .printed(let line): "{compadd - ${(f)\"$(\(line))\"}}"
      case .own(let call):
        "{compadd - ${(f)\"$(\(name) \(call) ${(Q)words[1,CURRENT-1]} </dev/null 2>/dev/null)\"}}"
      case .free: ""
      }
    return "\(escaped(value.name)):\(action)"
  }

  private func escaped(_ text: String) -> String {
    text.replacing(/[\\:\[\]]/) { "\\" + $0.output }
  }

  private func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
}
