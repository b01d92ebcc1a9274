import CommonSupport
import ArgumentParser
import Glibc
import MulticastDTLS

/// The end of the command by an error: one line on standard error, and an exit code of sysexits.h.
struct Failure {
  private let error: any Error
  /// Facts about the state on disk that may explain the error.
  private let notices: [StateNotice]

  init(_ error: any Error) {
    // The library's error has the one of the part that failed.
    self.error = (error as? PeerError)?.underlying ?? error
    notices = (error as? PeerError)?.notices ?? []
  }

  /// Ends the process. The text of `--help` and `--version` goes to standard output, with exit code 0.
  func exit() -> Never {
    guard code != EXIT_SUCCESS else {
      let text = isClosed ? "" : CommandTree.fullMessage(for: error)
      do {
        if !text.isEmpty { try StandardStream.write(text + "\n", to: STDOUT_FILENO) }
      } catch {
        Failure(error).exit()
      }
      Glibc.exit(EXIT_SUCCESS)
    }
    // Standard error may be blocked, and no thread takes the trapped signals now.
    for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
    for notice in notices where notice.isWarning { StandardErrorLog.write(.warning, notice.textWithOption) }
    // The thrower of a bare exit code has printed its own message.
    if !(error is ExitCode) { write() }
    Glibc.exit(code)
  }

  /// Writes the line: in the log of a command that keeps one, else behind the name of the command, as is the custom.
  private func write() {
    if called.count == 1 || called[1] == WatchCommand._commandName {
      // A service has no command line.
      let remark = LogForm.ofStandardError == .journal ? Environment.remark(onOptionsIn: line) : nil
      StandardErrorLog.write(.error, line + (remark ?? ""))
    } else {
      try? StandardStream.write("mcast-peer: \(line)\n", to: STDERR_FILENO)
    }
  }

  /// True if the reader of standard output has closed it, which is no failure.
  private var isClosed: Bool {
    (error as? OutputError)?.isClosed ?? false
  }

  private var code: Int32 {
    isClosed ? EXIT_SUCCESS : ownCode ?? CommandTree.exitCode(for: error).rawValue
  }

  /// The message: what happened, and an option or page to look at.
  private var line: String {
    let text =
      switch error {
      case is NetworkError: "\(error) (see --interface and --group)"
      case let error as PeerError where [.emptyMessage, .messageTooLong].contains(error.code):
        "\(error) (see --message)"
      case is InputError: "\(error) (see --stdin)"
      case is MetricsFileError: "\(error) (see --metrics-file)"
      case SecretError.missing(_, let path):
        "\(error): \(CommandTree.name) secret new --write \(shellPath(path.string))"
      case SecretError.exists: "\(error) ('\(CommandTree.name) secret rotate')"
      case SecretError.full: "\(error) ('\(CommandTree.name) secret rotate drop')"
      case SecretError.endsSigning:
        "\(error): make it with '\(CommandTree.name) secret new --sign', or give --unsigned to end signing"
      case is IdentityError: "\(error)"
      case is SecretError where !called.contains(SecretCommand.name): "\(error) (see --secret-file)"
      case is RosterError: "\(error) (see --roster)"
      case StateError.unusable, StateError.damaged, StateError.usedEpoch: "\(error) (see --epoch and --state-dir)"
      case StateError.unknownPast: "\(error) (see --new-node, --epoch and --state-dir)"
      case _ where ownCode != nil: "\(error)"
      default:
        "\(Self.showingValues(CommandTree.message(for: error))) (see \(called.joined(separator: " ")) --help)"
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

  /// The command and its subcommands, as they were called: whose help to look at.
  private var called: [String] {
    var command: any ParsableCommand.Type = CommandTree.self
    let named = CommandLine.arguments.dropFirst().prefix { word in
      guard let next = command.configuration.subcommands.first(where: { $0._commandName == word }) else { return false }
      command = next
      return true
    }
    return [CommandTree._commandName] + named
  }

  /// The exit code of our own errors; nil for those of the argument parser.
  private var ownCode: Int32? {
    switch error {
    case is InvalidValue, is PeerError: EX_USAGE
    case is NetworkError: EX_UNAVAILABLE
    case is ExpectationNotMet: ExpectationNotMet.exitCode
    case let error as StatusError: error.exitCode
    case InputError.linesTooLong, InputError.empty, InputError.tooLong: EX_DATAERR
    case is SystemError, is WolfSSLError, is LibcryptoError, is OutputError, is InputError: EX_OSERR
    case is StateError, is MetricsFileError: EX_CANTCREAT
    case SecretError.openToOthers: EX_NOPERM
    case let error as IdentityError: Failure(error.reason).code
    case let error as SigningError: error == .noIdentity ? EX_CONFIG : EX_OSERR
    case RosterError.openToOthers: EX_NOPERM
    case is SecretError, is RosterError: EX_CONFIG
    default: nil
    }
  }
}
