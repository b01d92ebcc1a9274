import ArgumentParser
import Glibc
import MulticastDTLS

/// The end of the command by an error: one line on standard error, and an exit code of sysexits.h.
struct Failure {
  private let error: any Error
  private let command: any ParsableCommand.Type

  /// - Parameter command: The command that ran. Its help is printed if the error is a request for help.
  init(_ error: any Error, of command: any ParsableCommand.Type) {
    // The library's error has the one of the part that failed.
    self.error = (error as? PeerError)?.underlying ?? error
    self.command = command
  }

  /// Ends the process. The text of `--help` and `--version` goes to standard output, with exit code 0.
  func exit() -> Never {
    guard code != EXIT_SUCCESS else {
      let text = isClosed ? "" : command.fullMessage(for: error)
      do {
        if !text.isEmpty { try StandardStream.write(text + "\n", to: STDOUT_FILENO) }
      } catch {
        Failure(error, of: command).exit()
      }
      Glibc.exit(EXIT_SUCCESS)
    }
    // The thrower of a bare exit code has printed its own message.
    if !(error is ExitCode) { try? StandardStream.write("mcast-peer: \(line)\n", to: STDERR_FILENO) }
    Glibc.exit(code)
  }

  /// True if the reader of standard output has closed it, which is no failure.
  private var isClosed: Bool {
    (error as? OutputError)?.isClosed ?? false
  }

  private var code: Int32 {
    isClosed ? EXIT_SUCCESS : ownCode ?? command.exitCode(for: error).rawValue
  }

  /// The message: what happened, and an option or page to look at.
  private var line: String {
    let text =
      switch error {
      case is NetworkError: "\(error) (see --interface and --group)"
      case let error as PeerError where [.emptyMessage, .messageTooLong].contains(error.code):
        "\(error) (see --message)"
      case is InputError: "\(error) (see --stdin)"
      case is SecretError where command != SecretCommand.self: "\(error) (see --secret-file)"
      case StateError.unusable, StateError.damaged, StateError.usedEpoch: "\(error) (see --epoch and --state-dir)"
      case StateError.unknownPast: "\(error) (see also --state-dir)"
      case _ where ownCode != nil: "\(error)"
      default:
        "\(Self.showingValues(command.message(for: error))) (see \(help))"
      }
    return text.visible
  }

  /// The parser's message on one line. A line break in a quoted argument becomes an escape, any other one a space.
  private static func showingValues(_ message: String) -> String {
    let quoted = CommandLine.arguments.flatMap { argument in
      // The parser quotes the whole argument, or its part after `--option=` or `-o`.
      [argument, String(argument.drop { $0 != "=" }.dropFirst()), String(argument.dropFirst(2))]
    }
    let hidden = Set(quoted.filter { !$0.isEmpty && $0 != $0.visible }).sorted { $0.count > $1.count }
    return hidden.reduce(message) { $0.replacing($1, with: $1.visible) }
      .split(separator: "\n").joined(separator: " ")
  }

  /// The help to look at.
  private var help: String {
    switch command {
    case is SecretCommand.Type: "--help after the subcommand"
    case is MCastPeer.Type, is CommandTree.Type: "\(MCastPeer.name) --help"
    default: "\(MCastPeer.name) \(command.configuration.commandName ?? "") --help"
    }
  }

  /// The exit code of our own errors; nil for those of the argument parser.
  private var ownCode: Int32? {
    switch error {
    case is InvalidValue, is PeerError: EX_USAGE
    case is NetworkError: EX_UNAVAILABLE
    case is ExpectationNotMet: ExpectationNotMet.exitCode
    case InputError.linesTooLong, InputError.empty, InputError.tooLong: EX_DATAERR
    case is SystemError, is WolfSSLError, is LibcryptoError, is OutputError, is InputError: EX_OSERR
    case is StateError: EX_CANTCREAT
    case SecretError.openToOthers: EX_NOPERM
    case SecretError.unusable: EX_CONFIG
    default: nil
    }
  }
}
