/// The cells to measure, and the time for each.
struct Plan {
  /// Cells that are compared with one another, and therefore share each round.
  struct Group {
    var title: String
    /// Steps that stay together in a round. The order of the units changes from round to round.
    var units: [[Step]]

    var cells: [Cell] { steps.compactMap { if case .cell(let cell) = $0 { cell } else { nil } } }
    var memoryCells: [MemoryCell] { steps.compactMap { if case .memory(let cell) = $0 { cell } else { nil } } }
    private var steps: [Step] { units.flatMap(\.self) }
  }

  var groups: [Group]
  /// The sending time of a cell.
  var seconds: Double
  /// The sending time of a cell that measures latency at 1,000 messages a second.
  var latencySeconds: Double
  /// The time of each soak at the end; nil for none.
  var soakSeconds: Double?

  static let largestBurst = 128
  /// A rate that all methods can sustain, so that their costs are comparable.
  static let steadyRate = 20_000
  static let latencyRates = [1_000, 10_000]

  /// All cells of the tables.
  static let full = Plan(
    groups: [32, 256, 1200].map { throughput(Method.all, size: $0) } + [
      receivers(Method.all, [1, 2, 8]), senders(Method.all, [1, 8, 64]), readers,
    ] + latencyRates.map { latency(Method.all, rate: $0) },
    seconds: 0.3, latencySeconds: 1, soakSeconds: 10)

  /// The cells of the verdicts.
  static let check = Plan(
    groups: [
      throughput(
        [.plain, .baseline]
          + Suite.allCases.flatMap {
            [
              .limit($0), .library($0, isBatched: true), .signed($0, isBatched: true), .signed($0, isBatched: false),
            ]
          }, size: 256),
      receivers([.plain, .library(.chaCha, isBatched: true)], [1, 8]),
      senders(Suite.allCases.map { .library($0, isBatched: true) }, [1, 64]),
      readers,
      latency([.baseline, .library(.wdm, isBatched: false)], rate: 1_000),
    ], seconds: 0.3, latencySeconds: 5, soakSeconds: 10)

  /// Each kind of cell once, with very few messages: a test of the benchmark itself.
  static let smoke = Plan(
    groups: [
      throughput(Method.all, size: 256), receivers(Method.all, [1, 2]), senders(Method.all, [1, 2]),
      readers, latency(Method.all, rate: 1_000),
    ], seconds: 0.005, latencySeconds: 0.02, soakSeconds: nil)

  /// The library's batches stand between the two limits that they are compared with, and signed ones beside them, so that all
  /// find the machine in the same state.
  private static func throughput(_ methods: [Method], size: Int) -> Group {
    Group(
      title: "\(size) bytes, 1 sender, 1 receiver",
      units: methods.compactMap { method in
        let cell = Step.cell(Cell(method: method, size: size))
        switch method.path {
        case .limit: return nil
        case .signed(let suite) where method.isBatched && methods.contains(.library(suite, isBatched: true)): return nil
        case .library(let suite, let engine) where method.isBatched:
          let limit = engine == .libcrypto ? [Step.cell(Cell(method: .limit(suite), size: size))] : []
          let signed = methods.filter { engine == .libcrypto && $0 == .signed(suite, isBatched: true) }
            .map { Step.cell(Cell(method: $0, size: size)) }
          return limit + [cell, .memory(MemoryCell(suite: suite, engine: engine, size: size))] + signed
        default: return [cell]
        }
      })
  }

  private static func receivers(_ methods: [Method], _ counts: [Int]) -> Group {
    Group(
      title: "1 sender, \(list(counts)) receivers",
      units: methods.map { method in
        counts.flatMap { count in
          [nil, steadyRate].map { .cell(Cell(scenario: .receivers, method: method, receivers: count, rate: $0)) }
        }
      })
  }

  private static func senders(_ methods: [Method], _ counts: [Int]) -> Group {
    Group(
      title: "\(list(counts)) senders, 1 receiver",
      units: methods.map { method in
        counts.flatMap { count in
          [nil, steadyRate].map { .cell(Cell(scenario: .senders, method: method, senders: count, rate: $0)) }
        }
      })
  }

  private static let readers = Group(
    title: "1 sender, 1 receiver with a handler or a reader of messages",
    units: Reader.allCases.map {
      [.cell(Cell(scenario: .readers, method: .library(.chaCha, isBatched: true), reader: $0))]
    })

  private static func latency(_ methods: [Method], rate: Int) -> Group {
    Group(title: "\(rate) messages/s, one by one", units: methods.map { [.cell(.latency($0, rate: rate))] })
  }

  private static func list(_ counts: [Int]) -> String {
    counts.map(String.init).joined(separator: ", ")
  }
}
