import Foundation
import TestSupport

/// A shell whose completions are read.
enum Shell: String, CaseIterable {
  case bash, zsh, fish

  var isInstalled: Bool {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/\(rawValue)")
    }
  }

  /// The completions that it offers after each line.
  ///
  /// - Parameters:
  ///   - completions: The script with the command's completions.
  ///   - home: Its HOME; nil for a directory of its own.
  ///   - path: A directory to find commands in, before the usual ones.
  func offers(
    after lines: [String], by completions: String, home: TemporaryDirectory? = nil, path: String? = nil
  ) async throws -> [[String]] {
    let directory = TemporaryDirectory()
    let script = directory.write(script, to: "script")
    let offers = directory.write("", to: "offers")
    let setup = directory.write(Self.zshSetup, to: "setup")
    let words = ["exec", rawValue] + options + [script] + lines
    var environment = ["COMPLETIONS": completions, "OFFERS": offers, "SETUP": setup, "TERM": "xterm"]
    if let path { environment["PATH"] = "\(path):\(ProcessInfo.processInfo.environment["PATH"] ?? "")" }
    let process = try PeerProcess(
      [], home: home, environment: environment, shell: words.map(quoted).joined(separator: " "))
    let code = try await process.exitCode()
    let errors = try process.errors
    defer { withExtendedLifetime(directory) {} }
    guard code == 0, errors.isEmpty else { throw Timeout(description: "\(rawValue): \(code), \(errors)") }
    // A line with an equals sign precedes the completions of each line.
    return try String(contentsOfFile: offers, encoding: .utf8).components(separatedBy: "=\n").dropFirst().map {
      $0.split(separator: "\n").map(String.init)
    }
  }

  private var options: [String] {
    switch self {
    case .bash: ["--norc"]
    case .zsh: ["-f"]
    case .fish: ["--no-config"]
    }
  }

  private func quoted(_ word: String) -> String { "'" + word.replacing("'", with: "'\\''") + "'" }

  private var script: String {
    switch self {
    case .bash:
      #"""
      source "$COMPLETIONS"
      for line; do
        echo = >>"$OFFERS"
        read -ra COMP_WORDS <<<"$line"
        [[ $line != *' ' ]] || COMP_WORDS+=('')
        COMP_LINE=$line COMP_POINT=${#line} COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        # The function that is registered for the command, as bash calls it.
        read -ra registered < <(complete -p mcast-peer)
        "${registered[-2]}" mcast-peer "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
        printf '%s\n' "${COMPREPLY[@]}" >>"$OFFERS"
      done
      """#
    case .zsh:
      // Completion works only while a line is edited, so a second zsh runs on its own terminal. Source: zshmodules(1),
      // zpty.
      #"""
      zmodload zsh/zpty
      zpty shell zsh -f -i
      zpty -w shell 'source $SETUP'
      zpty -r shell shown '*<ready>' || exit
      for line; do
        echo = >>$OFFERS
        zpty -w -n shell $line$'\t'
        zpty -r shell shown '*<done>' || exit
        zpty -w -n shell $'\C-u'
      done
      zpty -d shell
      """#
    case .fish:
      #"""
      source $COMPLETIONS
      for line in $argv
          echo = >>$OFFERS
          complete -C $line | string replace -r '\t.*' '' >>$OFFERS
      end
      true
      """#
    }
  }

  /// The setup of the second zsh: the tab key writes the completions to a file, and changes nothing.
  private static let zshSetup = #"""
    PS1= PS2=
    autoload -Uz compinit && compinit -D -u
    source $COMPLETIONS
    compadd() {
      # Queries for matching words alone are passed on unchanged.
      if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
      local -a matches
      builtin compadd -A matches "$@"
      (( ! $#matches )) || print -rl -- $matches >>$OFFERS
      builtin compadd "$@"
    }
    offer() {
      _main_complete
      compstate[insert]= compstate[list]=
      print -n '<done>'
    }
    zle -C offer complete-word offer
    bindkey '^I' offer
    print -n '<ready>'

    """#
}
