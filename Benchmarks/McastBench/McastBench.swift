import ArgumentParser

/// The command: what it measures, it measures in processes of its own.
@main
struct McastBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mcast-bench",
    abstract: "Measure the library beside plain UDP and wolfSSL's own calls, over loopback.",
    subcommands: [RunCommand.self, SoakCommand.self, WorkerCommand.self],
    defaultSubcommand: RunCommand.self)
}

/// What the other processes run.
struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "worker", shouldDisplay: false)

  func run() throws {
    try Worker().run()
  }
}
