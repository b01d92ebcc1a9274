/// The promises of the library, relative to plain UDP and wolfSSL's own calls. Each ratio compares two cells of one
/// round.
extension Results {
  var verdicts: [Verdict] {
    [
      speed(of: .wdm, over: .baseline, 10), speed(of: .chaCha, over: .baseline, 10),
      speed(of: .chaCha, over: .plain, 4),
      speed(of: .wdm, over: .limit(.wdm), 0.9), speed(of: .chaCha, over: .limit(.chaCha), 0.9),
      share(of: .wdm), share(of: .chaCha),
      signedShare(of: .wdm), signedShare(of: .chaCha), signedSpeed(of: .wdm), signedSpeed(of: .chaCha),
      latency("p50", \.p50), latency("p99", \.p99),
      costOfSenders(.wdm), costOfSenders(.chaCha),
      costOfReceivers, factorOfReceivers,
      speedAtTopLevel,
    ].compactMap(\.self)
  }

  private func speed(of suite: Suite, over method: Method, _ bound: Double) -> Verdict? {
    let cells = [Cell(method: .library(suite, isBatched: true)), Cell(method: method)]
    return Verdict(
      "\(suite.shortName) batches / \(method.name), messages/s",
      rounds: ratios(cells[0], cells[1], \.messagesPerSecond), atLeast: bound, lost: lost(in: cells))
  }

  /// The rate over a socket as a share of the rate in memory. Not checked: it shows the cost of the socket.
  private func share(of suite: Suite) -> Verdict? {
    let cell = Cell(method: .library(suite, isBatched: true))
    let limits = measurements(of: MemoryCell(suite: suite)).map(\.limit)
    return Verdict(
      "\(suite.shortName) batches / limit in memory, messages/s",
      rounds: zip(measurements(of: cell), limits).map { $0.messagesPerSecond / $1 }, atLeast: 0.85,
      lost: lost(in: [cell]), isChecked: false)
  }

  /// The rate of signed batches as a share of the rate of unsigned ones.
  private func signedShare(of suite: Suite) -> Verdict? {
    let cells = [Cell(method: .signed(suite, isBatched: true)), Cell(method: .library(suite, isBatched: true))]
    return Verdict(
      "\(suite.shortName) batches, signed / unsigned, messages/s",
      rounds: ratios(cells[0], cells[1], \.messagesPerSecond), atLeast: 0.35, lost: lost(in: cells))
  }

  /// The rate of messages that are signed one at a time. Depends on the machine.
  private func signedSpeed(of suite: Suite) -> Verdict? {
    let cell = Cell(method: .signed(suite, isBatched: false))
    return Verdict(
      "\(cell.name), messages/s", rounds: measurements(of: cell).map(\.messagesPerSecond), atLeast: 12_000,
      lost: lost(in: [cell]))
  }

  private func latency(_ name: String, _ percentile: KeyPath<Latency, Double>) -> Verdict? {
    let cells = [Cell.latency(.library(.wdm, isBatched: false), rate: 1_000), .latency(.baseline, rate: 1_000)]
    let values = cells.map { measurements(of: $0).compactMap { $0.latency?[keyPath: percentile] } }
    return Verdict(
      "\(name) of WDM one at a time / \(Method.baseline.name), at 1000 messages/s",
      rounds: zip(values[0], values[1]).map { $0 / $1 }, atMost: 1.1, lost: lost(in: cells))
  }

  private func costOfSenders(_ suite: Suite) -> Verdict? {
    let cells = [64, 1].map {
      Cell(scenario: .senders, method: .library(suite, isBatched: true), senders: $0, rate: Plan.steadyRate)
    }
    return Verdict(
      "\(suite.shortName) batches, receiver's CPU a message, 64 senders / 1",
      rounds: ratios(cells[0], cells[1], \.receiverMicroseconds), atMost: 1.1, lost: lost(in: cells))
  }

  /// The growth of the sender's cost with the receivers, relative to plain UDP, both in microseconds.
  private var costOfReceivers: Verdict? {
    let growths = growthOfReceivers { $0 - $1 }
    return Verdict(
      "ChaCha batches / plain UDP, growth of the sender's CPU a message in us, 1 to 8 receivers",
      rounds: zip(growths.library, growths.plain).map { $0 / $1 }, atMost: 1, lost: growths.lost)
  }

  /// As above, as factors. Not checked: a cheaper sender may grow by a larger factor, and still by fewer microseconds.
  private var factorOfReceivers: Verdict? {
    let growths = growthOfReceivers { $0 / $1 }
    return Verdict(
      "ChaCha batches / plain UDP, factor by which the sender's CPU a message grows, 1 to 8 receivers",
      rounds: zip(growths.library, growths.plain).map { $0 / $1 }, atMost: 1, lost: growths.lost, isChecked: false)
  }

  private func growthOfReceivers(
    _ growth: (_ many: Double, _ one: Double) -> Double
  ) -> (library: [Double], plain: [Double], lost: Int) {
    let cells = [Method.library(.chaCha, isBatched: true), .plain].map { method in
      [8, 1].map { Cell(scenario: .receivers, method: method, receivers: $0, rate: Plan.steadyRate) }
    }
    let growths = cells.map { pair in
      zip(measurements(of: pair[0]), measurements(of: pair[1])).map {
        growth($0.senderMicroseconds, $1.senderMicroseconds)
      }
    }
    return (growths[0], growths[1], lost(in: cells.flatMap(\.self)))
  }

  /// The rate of a reader on the main actor. The only bound that depends on the machine.
  private var speedAtTopLevel: Verdict? {
    let cell = Cell(scenario: .readers, method: .library(.chaCha, isBatched: true), reader: .topLevel)
    return Verdict(
      "\(cell.name), messages/s", rounds: measurements(of: cell).map(\.messagesPerSecond), atLeast: 500_000,
      lost: lost(in: [cell]))
  }

  private func ratios(_ one: Cell, _ other: Cell, _ figure: KeyPath<Measurement, Double>) -> [Double] {
    zip(measurements(of: one), measurements(of: other)).map { $0[keyPath: figure] / $1[keyPath: figure] }
  }

  private func lost(in cells: [Cell]) -> Int {
    cells.flatMap { measurements(of: $0) }.map(\.lost).reduce(0, +)
  }
}
