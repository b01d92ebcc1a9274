import CBenchSupport
import Glibc

/// Runs a plan, group by group, round by round, one cell at a time.
struct Bench {
  let plan: Plan
  let rounds: Int
  let window = ReceiveBuffer.window
  private(set) var results = Results()
  private var links = Links()
  private let memory: WorkerProcess

  init(_ plan: Plan, rounds: Int) throws {
    self.plan = plan
    self.rounds = rounds
    let shared = cbench_shared_memory(SharedCounts.size)
    guard shared >= 0 else { throw BenchError("cannot make shared memory: errno \(-shared)") }
    defer { close(shared) }
    memory = try WorkerProcess(shared: shared)
  }

  /// Measures a group.
  mutating func run(_ group: Plan.Group) throws {
    try links.prepare(Set(group.cells.map { linkKey($0, in: group) }))
    // Round 0 warms up caches, branch predictors, and the sessions that the first message creates.
    for round in 0...rounds {
      for index in group.units.indices {
        // Each round begins with another unit, so that disturbances of the machine affect all units alike.
        let unit = group.units[(index + round) % group.units.count]
        // In turns, so that no step always follows another.
        for step in round.isMultiple(of: 2) ? unit : unit.reversed() { try run(step, in: group, round: round) }
      }
    }
  }

  private mutating func run(_ step: Step, in group: Plan.Group, round: Int) throws {
    switch step {
    case .cell(let cell):
      let measurement = try measure(cell, in: group, round: round)
      if round > 0 { results.add(measurement, to: cell) }
    case .memory(let cell):
      let measurement = try measure(cell, round: round)
      if round > 0 { results.add(measurement, to: cell) }
    }
  }

  private func measure(_ cell: Cell, in group: Plan.Group, round: Int) throws -> Measurement {
    guard let link = links[linkKey(cell, in: group)] else { throw BenchError("no link was made for a cell") }
    var load = Load(cell, seconds: seconds(cell), window: window)
    if round == 0 { load.seconds = min(load.seconds, 0.1) }
    return Measurement(round: round, try link.carry(load))
  }

  private func measure(_ cell: MemoryCell, round: Int) throws -> MemoryMeasurement {
    try memory.order(.memory(cell, seconds: plan.seconds / 3))
    guard case .memory(let sealed, let opened) = try memory.answer() else {
      throw BenchError("a worker gave another answer")
    }
    return MemoryMeasurement(round: round, sealedPerSecond: sealed, openedPerSecond: opened)
  }

  private func seconds(_ cell: Cell) -> Double {
    // A low rate needs more time for enough messages.
    cell.isTimed && cell.rate.map { $0 <= 1_000 } ?? false ? plan.latencySeconds : plan.seconds
  }

  /// Cells that differ in the number of senders share a link, so that the receiver is the same one.
  private func linkKey(_ cell: Cell, in group: Plan.Group) -> Link.Key {
    Link.Key(
      path: cell.method.path, receivers: cell.receivers, senders: group.cells.map(\.senders).max() ?? cell.senders,
      reader: cell.reader)
  }
}

extension Load {
  init(_ cell: Cell, seconds: Double, window: Int) {
    self.init(
      size: cell.size, seconds: seconds, senders: cell.senders, burst: cell.burst, isBatched: cell.method.isBatched,
      rate: cell.rate.map(Double.init), isTimed: cell.isTimed, window: window)
  }
}

extension Measurement {
  init(round: Int, _ outcome: Link.Outcome) {
    let delivered = outcome.received.map(\.delivered)
    let costs = outcome.received.map { $0.microseconds / Double(max($0.delivered, 1)) }
    self.init(
      round: round, sent: outcome.sent.sent, delivered: delivered.reduce(0, +), lost: outcome.lost,
      messagesPerSecond: Double(delivered.min() ?? 0) / outcome.sent.seconds,
      senderMicroseconds: outcome.sent.microseconds / Double(max(outcome.sent.sent, 1)),
      receiverMicroseconds: costs.reduce(0, +) / Double(costs.count),
      latency: outcome.received.compactMap(\.latency).max { $0.p50 < $1.p50 })
  }
}
