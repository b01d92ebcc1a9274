import ArgumentParser
import FoundationEssentials
import Glibc

/// Measures in rounds, and prints tables and verdicts.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Measure rates, CPU time and latency, and print tables and verdicts.",
    discussion: """
      CPU time is that of a whole process by its messages. Exit codes: 0 done; 1 a promise was missed (with --check), \
      or something failed; 64 usage.
      """)

  @Option(help: "How often everything is measured.")
  var rounds = 5

  @Option(help: .init("Write all figures to this file, as JSON.", valueName: "path"))
  var json: String?

  @Option(help: .init("Write a chart to this file, as SVG.", valueName: "path"))
  var svg: String?

  @Flag(help: "Measure only what the verdicts need, and fail if one is missed.")
  var check = false

  @Flag(help: "Measure next to nothing, to see that everything works.")
  var smoke = false

  func validate() throws {
    guard rounds > 0 else { throw ValidationError("There must be at least one round.") }
  }

  func run() throws {
    let plan = smoke ? Plan.smoke : check ? .check : .full
    var bench = try Bench(plan, rounds: smoke ? 1 : rounds)
    for group in plan.groups {
      try bench.run(group)
      print(bench.results.text(of: group))
      // A person who reads through a pipe need not wait for the last group.
      fflush(nil)
    }
    let verdicts = bench.results.verdicts
    for verdict in verdicts { print(verdict.text) }
    let soak = try plan.soakSeconds.map { try Soak(suite: .chaCha, seconds: $0).run() }
    if let soak { print("\n" + soak.text) }
    try write(
      Report(
        date: today, machine: .current, rounds: bench.rounds, window: bench.window, results: bench.results,
        verdicts: verdicts, soak: soak))
    let isMet = verdicts.allSatisfy { $0.isMet || !$0.isChecked } && soak?.isMet ?? true
    if check && !smoke && !isMet { throw ExitCode(EXIT_FAILURE) }
  }

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
