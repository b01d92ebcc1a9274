extension Report {
  /// Messages a second of all methods: 256 bytes, from one sender to one receiver.
  var chart: Chart {
    let shown = cells.filter { $0.cell == Cell(method: $0.cell.method) }
    let lost = shown.map(\.lost).reduce(0, +)
    return Chart(
      title: "256-byte messages a second, delivered from one process to another over loopback",
      bars: shown.compactMap { report in
        report.messagesPerSecond.map {
          Chart.Bar(
            name: report.name, value: $0, limit: limit(of: report.cell.method),
            color: color(of: report.cell.method.path))
        }
      },
      caption: [
        "Medians of \(rounds) rounds, with half of the distance between the quartiles; lost: \(lost). "
          + "Red: sealing or opening in memory, whichever is slower.",
        "\(date). \(machine.text)",
      ])
  }

  private func limit(of method: Method) -> Double? {
    guard case .library(let suite, let engine) = method.path else { return nil }
    let limits = memory.first { $0.cell == MemoryCell(suite: suite, engine: engine) }?.rounds.map(\.limit)
    return limits.flatMap(Summary.init)?.median
  }

  private func color(of path: Path) -> String {
    switch path {
    case .plain: "#9e9e9e"
    case .baseline: "#c98a3c"
    case .limit: "#8a5a1c"
    case .library(_, .libcrypto): "#2f6fb0"
    case .library(_, .wolfSSL): "#7fa9d1"
    case .signed: "#4f9a5b"
    }
  }
}
