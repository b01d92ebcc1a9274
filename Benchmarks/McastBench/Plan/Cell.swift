/// One configuration of a link, measured once per round.
struct Cell: Codable, Hashable {
  /// The parameter that a group of cells varies.
  enum Scenario: String, Codable, Hashable {
    case sizes, receivers, senders, readers, latency
  }

  var scenario = Scenario.sizes
  var method: Method
  /// Bytes of a message.
  var size = 256
  var receivers = 1
  var senders = 1
  var reader = Reader.handler
  /// The messages a second of all senders together; nil for the top rate without loss.
  var rate: Int?
  /// The messages that one sender sends before the next one's turn.
  var burst = Plan.largestBurst
  /// True if each message carries its send time.
  var isTimed = false

  /// The name in tables.
  var name: String { reader == .handler ? method.name : "\(method.name), \(reader.rawValue)" }

  /// A cell that measures latency: messages sent one by one, at a steady rate.
  static func latency(_ method: Method, rate: Int) -> Cell {
    Cell(scenario: .latency, method: method, rate: rate, burst: 1, isTimed: true)
  }
}

/// Records sealed and opened in memory, the upper limit of a link.
struct MemoryCell: Codable, Hashable {
  var suite: Suite
  var engine: Engine = .libcrypto
  var size = 256
}

/// A step of a round.
enum Step: Hashable {
  case cell(Cell)
  case memory(MemoryCell)
}
