import ArgumentParser
import Dispatch
import Glibc

/// The hidden command of the worker processes. A process that makes the C calls has no other thread, as the C example.
struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "worker", shouldDisplay: false)

  func run() throws {
    try Worker().run()
  }
}

/// The hidden command of a worker that reads messages on the main actor: its orders arrive on another thread.
struct ReadingWorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "reading-worker", shouldDisplay: false)

  func run() throws {
    startThread {
      do {
        try Worker().run()
        Glibc.exit(EXIT_SUCCESS)
      } catch {
        ReadingWorkerCommand.exit(withError: error)
      }
    }
    dispatchMain()
  }
}
