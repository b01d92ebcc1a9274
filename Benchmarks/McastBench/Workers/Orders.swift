/// A request of the coordinator to a worker, one JSON object a line. Each has one ``Answer``.
enum Order: Codable {
  case open(Opening)
  /// Prepares a receiver for messages.
  case begin(isTimed: Bool)
  /// Starts a sender.
  case send(Load)
  /// Asks a receiver for its report.
  case end
  case memory(MemoryCell, seconds: Double)
}

/// The role of a worker in a link.
struct Opening: Codable {
  var path: Path
  var group: GroupEndpoint
  var isSender: Bool
  /// The receiver's number, from 0.
  var number = 0
  var senders: Int
  var receivers: Int
  /// The reader of a receiver of the library.
  var reader = Reader.handler
  var countsAllocations = false
}

/// A multicast group and port.
struct GroupEndpoint: Codable, Hashable {
  /// The last two bytes of an address in 239.255.0.0/16.
  var low: UInt16
  var port: UInt16

  var text: String { "239.255.\(low >> 8).\(low & 0xFF):\(port)" }
}

/// The messages of a sender.
struct Load: Codable {
  var size: Int
  var seconds: Double
  var senders: Int
  var burst: Int
  var isBatched: Bool
  var rate: Double?
  var isTimed: Bool
  /// The most messages in flight.
  var window: Int
}

/// A worker's answer to an ``Order``.
enum Answer: Codable {
  case ready
  case sent(SendReport)
  case received(ReceiveReport)
  case memory(sealedPerSecond: Double, openedPerSecond: Double)
  case failed(String)
}

struct SendReport: Codable {
  var sent: Int
  /// The time from the first message until all have arrived or count as lost.
  var seconds: Double
  var microseconds: Double
  var allocations: Allocations
}

struct ReceiveReport: Codable {
  var delivered: Int
  var microseconds: Double
  var latency: Latency?
  var allocations: Allocations
}
