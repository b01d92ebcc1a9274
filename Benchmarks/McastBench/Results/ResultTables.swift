extension Results {
  /// The tables of a group, with medians and spreads.
  func text(of group: Plan.Group) -> String {
    var parts = ["\(group.title), medians +- half of the distance between the quartiles:", cellTable(group.cells).text]
    if !group.memoryCells.isEmpty {
      parts += ["In memory, without a socket:", memoryTable(group.memoryCells).text]
    }
    return parts.joined(separator: "\n") + "\n"
  }

  private func cellTable(_ cells: [Cell]) -> TextTable {
    let isTimed = cells.contains(where: \.isTimed)
    var table = TextTable(
      header: ["method", "senders", "receivers", "pace", "messages/s", "lost", "sender us", "receiver us"]
        + (isTimed ? ["p50 us", "p99 us", "p99.9 us"] : []))
    for cell in cells {
      let measurements = measurements(of: cell)
      func figure(_ value: (Measurement) -> Double?) -> String { shown(measurements.compactMap(value)) }
      table.rows.append(
        [
          cell.name, "\(cell.senders)", "\(cell.receivers)", cell.rate?.grouped ?? "top",
          figure(\.messagesPerSecond), measurements.map(\.lost).reduce(0, +).grouped, figure(\.senderMicroseconds),
          figure(\.receiverMicroseconds),
        ] + (isTimed ? [figure(\.latency?.p50), figure(\.latency?.p99), figure(\.latency?.p999)] : []))
    }
    return table
  }

  private func memoryTable(_ cells: [MemoryCell]) -> TextTable {
    var table = TextTable(header: ["records", "sealed/s", "opened/s"])
    for cell in cells {
      let measurements = measurements(of: cell)
      table.rows.append([
        "\(cell.suite.shortName), \(cell.engine.rawValue)", shown(measurements.map(\.sealedPerSecond)),
        shown(measurements.map(\.openedPerSecond)),
      ])
    }
    return table
  }

  private func shown(_ values: [Double]) -> String {
    Summary(values).map { "\($0.median.short) +- \($0.spread.short)" } ?? "-"
  }
}
