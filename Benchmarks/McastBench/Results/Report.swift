/// The results of a run, as written in JSON.
struct Report: Codable {
  struct CellReport: Codable {
    var name: String
    var cell: Cell
    var lost: Int
    var messagesPerSecond: Summary?
    var senderMicroseconds: Summary?
    var receiverMicroseconds: Summary?
    var latency: [String: Summary]?
    var rounds: [Measurement]
  }

  struct MemoryReport: Codable {
    var cell: MemoryCell
    var sealedPerSecond: Summary?
    var openedPerSecond: Summary?
    var rounds: [MemoryMeasurement]
  }

  /// The day, as in 2026-01-31.
  var date: String
  var machine: Machine
  var rounds: Int
  /// The most messages in flight, the same for all methods.
  var window: Int
  var cells: [CellReport]
  var memory: [MemoryReport]
  var verdicts: [Verdict]
  var soaks: [SoakReport]
}

extension Report {
  init(
    date: String, machine: Machine, rounds: Int, window: Int, results: Results, verdicts: [Verdict], soaks: [SoakReport]
  ) {
    self.init(
      date: date, machine: machine, rounds: rounds, window: window,
      cells: results.cells.map(CellReport.init), memory: results.memory.map(MemoryReport.init), verdicts: verdicts,
      soaks: soaks)
  }
}

extension Report.CellReport {
  init(cell: Cell, rounds: [Measurement]) {
    name = cell.name
    self.cell = cell
    self.rounds = rounds
    lost = rounds.map(\.lost).reduce(0, +)
    messagesPerSecond = Summary(rounds.map(\.messagesPerSecond))
    senderMicroseconds = Summary(rounds.map(\.senderMicroseconds))
    receiverMicroseconds = Summary(rounds.map(\.receiverMicroseconds))
    let latencies = rounds.compactMap(\.latency)
    guard !latencies.isEmpty else { return }
    latency = [
      "p50": Summary(latencies.map(\.p50)), "p99": Summary(latencies.map(\.p99)),
      "p99.9": Summary(latencies.map(\.p999)),
    ].compactMapValues(\.self)
  }
}

extension Report.MemoryReport {
  init(cell: MemoryCell, rounds: [MemoryMeasurement]) {
    self.cell = cell
    self.rounds = rounds
    sealedPerSecond = Summary(rounds.map(\.sealedPerSecond))
    openedPerSecond = Summary(rounds.map(\.openedPerSecond))
  }
}
