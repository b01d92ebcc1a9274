import ArgumentParser
import Glibc
import MulticastDTLS

/// The command with its subcommands; ``MCastPeer`` runs unless another one is named.
@main
struct CommandTree: AsyncParsableCommand {
  /// The name on the command line.
  static let name = "mcast-peer"
  /// The version of this program.
  static let release = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: name,
    version: "\(name) \(release) (wolfSSL \(WolfSSLLibrary.version), OpenSSL \(LibcryptoLibrary.version))",
    subcommands: [
      MCastPeer.self, WatchCommand.self, StatusCommand.self, DoctorCommand.self, SecretCommand.self,
      IdentityCommand.self, RosterCommand.self,
    ],
    defaultSubcommand: MCastPeer.self,
    // So that --help alone prints the help of the default command. Each other command declares its own --help.
    helpNames: []
  )

  static func main() async {
    reserveStandardDescriptors()
    // A process inherits ignored signals: the shell of a script ignores SIGINT in its background jobs. Ctrl+C must end
    // this process.
    for number in [SIGINT, SIGTERM] {
      signal(number, SIG_DFL)
    }
    // SIGUSR1 and SIGHUP must not end the process before PeerService traps them (CEarlySignals has ignored them since before
    // main, unless this is a test). A closed pipe must not kill the
    // process, so that the peer still writes its state.
    for number in [SIGUSR1, SIGHUP, SIGPIPE] {
      signal(number, SIG_IGN)
    }
    do {
      let command = try parseAsRoot(commandLine())
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try SecretCommand.run(command)
      }
    } catch {
      Failure(error).exit()
    }
  }

  /// The arguments of this process. `help secret new` becomes `secret new --help`.
  ///
  /// - Throws: `ValidationError` if one is not UTF-8.
  private static func commandLine() throws -> [String] {
    // Swift replaces invalid UTF-8, which would send another message than the one given.
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let argument = unsafe CommandLine.unsafeArgv[index], unsafe String(validatingCString: argument) != nil
      else {
        throw ValidationError("argument \(index) is not valid UTF-8: send other bytes with --stdin")
      }
    }
    let arguments = Array(CommandLine.arguments.dropFirst())
    let command = arguments.drop { $0 == "help" }
    return command.count < arguments.count ? command + ["--help"] : arguments
  }
}

/// Occupies closed standard descriptors, so that none of our sockets or files gets their number. Reads from standard
/// input, and writes to the others, still fail.
private func reserveStandardDescriptors() {
  for number in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(number, F_GETFD) < 0 {
    // open(2) returns the lowest free number, which is this one.
    _ = unsafe open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY)
  }
}
