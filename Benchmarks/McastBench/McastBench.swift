import ArgumentParser

/// The benchmark. Senders and receivers run in worker processes.
@main
struct McastBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mcast-bench",
    abstract: "Measure the library beside plain UDP and wolfSSL's own calls, over loopback.",
    subcommands: [RunCommand.self, SoakCommand.self, WorkerCommand.self],
    defaultSubcommand: RunCommand.self)
}

/// The hidden command of the worker processes.
struct WorkerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "worker", shouldDisplay: false)

  func run() async throws {
    // On a thread of its own: the main one belongs to the main actor, on which a receiver may read.
    try await withCheckedThrowingContinuation { continuation in
      startThread { continuation.resume(with: Result { try Worker().run() }) }
    }
  }
}
