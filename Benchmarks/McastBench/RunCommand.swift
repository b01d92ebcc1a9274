import ArgumentParser
import FoundationEssentials
import Glibc

/// `mcast-bench run`: measures in rounds, and prints tables and verdicts.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Measure rates, CPU time and latency, and print tables and verdicts.",
    discussion: """
      CPU time is the time of a whole process, divided by its messages.

      Exit codes: 0 done; 1 a bound was missed (with --check), or an error; 64 usage error.
      """)

  @Option(help: "Number of rounds.")
  var rounds = 5

  @Option(help: .init("File for all figures, as JSON.", valueName: "path"))
  var json: String?

  @Option(help: .init("File for a chart, as SVG.", valueName: "path"))
  var svg: String?

  @Flag(help: "Measure only the cells of the verdicts, and fail if a bound is missed.")
  var check = false

  @Flag(help: "Send very few messages, to test the benchmark itself.")
  var smoke = false

  func validate() throws {
    guard rounds > 0 else { throw ValidationError("--rounds is \(rounds): give 1 or more") }
  }

  func run() throws {
    let plan = smoke ? Plan.smoke : check ? .check : .full
    var bench = try Bench(plan, rounds: smoke ? 1 : rounds)
    for group in plan.groups {
      try bench.run(group)
      print(bench.results.text(of: group))
      // Standard output to a pipe is block-buffered.
      fflush(nil)
    }
    let verdicts = bench.results.verdicts
    for verdict in verdicts { print(verdict.text) }
    let soaks = try plan.soakSeconds.map { seconds in
      try Self.soaked.map { try Soak(method: $0, seconds: seconds).run() }
    }
    for soak in soaks ?? [] { print("\n" + soak.text) }
    try write(
      Report(
        date: today, machine: .current, rounds: bench.rounds, window: bench.window, results: bench.results,
        verdicts: verdicts, soaks: soaks ?? []))
    let isMet = verdicts.allSatisfy { $0.isMet || !$0.isChecked } && soaks?.allSatisfy(\.isMet) ?? true
    if check && !smoke && !isMet { throw ExitCode(EXIT_FAILURE) }
  }

  /// The methods of the soaks: batches, and signatures for batches and for each message.
  private static let soaked = [
    Method.library(.chaCha, isBatched: true), .signed(.wdm, isBatched: true), .signed(.chaCha, isBatched: false),
  ]

  private func write(_ report: Report) throws {
    if let json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      try encoder.encode(report).write(to: URL(filePath: json), options: .atomic)
    }
    if let svg { try Data(report.chart.svg.utf8).write(to: URL(filePath: svg), options: .atomic) }
  }

  private var today: String {
    String(Date().formatted(.iso8601).prefix(10))
  }
}
