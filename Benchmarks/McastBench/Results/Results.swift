/// All measurements, by cell.
struct Results {
  private(set) var cells: [(cell: Cell, measurements: [Measurement])] = []
  private(set) var memory: [(cell: MemoryCell, measurements: [MemoryMeasurement])] = []

  mutating func add(_ measurement: Measurement, to cell: Cell) {
    guard let index = cells.firstIndex(where: { $0.cell == cell }) else {
      return cells.append((cell, [measurement]))
    }
    cells[index].measurements.append(measurement)
  }

  mutating func add(_ measurement: MemoryMeasurement, to cell: MemoryCell) {
    guard let index = memory.firstIndex(where: { $0.cell == cell }) else {
      return memory.append((cell, [measurement]))
    }
    memory[index].measurements.append(measurement)
  }

  /// The measurements of a cell, in the order of the rounds.
  func measurements(of cell: Cell) -> [Measurement] {
    cells.first { $0.cell == cell }?.measurements ?? []
  }

  func measurements(of cell: MemoryCell) -> [MemoryMeasurement] {
    memory.first { $0.cell == cell }?.measurements ?? []
  }
}
