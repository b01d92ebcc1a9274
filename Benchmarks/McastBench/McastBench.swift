import ArgumentParser

/// The benchmark. Senders and receivers run in worker processes.
@main
struct McastBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mcast-bench",
    abstract: "Measure the library beside plain UDP and wolfSSL's own calls, over loopback.",
    subcommands: [RunCommand.self, SoakCommand.self, WorkerCommand.self, ReadingWorkerCommand.self],
    defaultSubcommand: RunCommand.self)
}
