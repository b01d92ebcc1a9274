/// One thing that is measured again in each round.
struct Cell: Codable, Hashable {
  /// What cells of the same round show together.
  enum Scenario: String, Codable, Hashable {
    case sizes, receivers, senders, latency
  }

  var scenario = Scenario.sizes
  var method: Method
  /// Bytes of a message.
  var size = 256
  var receivers = 1
  var senders = 1
  /// Messages a second from all senders together; nil is as many as arrive.
  var rate: Int?
  /// How many messages one sender sends before it is the next one's turn.
  var burst = Plan.largestBurst
  /// Whether each message carries the time when it was sent.
  var isTimed = false

  /// Messages of which each is sent by itself, at a steady rate, to learn how long they take.
  static func latency(_ method: Method, rate: Int) -> Cell {
    Cell(scenario: .latency, method: method, rate: rate, burst: 1, isTimed: true)
  }
}

/// Records that are sealed and opened in memory: the limit of what goes over a socket.
struct MemoryCell: Codable, Hashable {
  var suite: Suite
  var engine: Engine = .libcrypto
  var size = 256
}

/// What a round consists of.
enum Step: Hashable {
  case cell(Cell)
  case memory(MemoryCell)
}
