/// What the coordinator asks of a worker, one JSON object a line; each has one ``Answer``.
enum Order: Codable {
  case open(Opening)
  /// To a receiver: messages will come.
  case begin(isTimed: Bool)
  /// To a sender.
  case send(Load)
  /// To a receiver: no more messages come.
  case end
  case memory(MemoryCell, seconds: Double)
}

/// Which end of a link a worker is.
struct Opening: Codable {
  var path: Path
  var group: GroupEndpoint
  var isSender: Bool
  /// The receiver's number, from 0.
  var number = 0
  var senders: Int
  var receivers: Int
  var countsAllocations = false
}

/// A multicast group and port.
struct GroupEndpoint: Codable, Hashable {
  /// The last two bytes of an address in 239.255.0.0/16.
  var low: UInt16
  var port: UInt16

  var text: String { "239.255.\(low >> 8).\(low & 0xFF):\(port)" }
}

/// What a sender is to send.
struct Load: Codable {
  var size: Int
  var seconds: Double
  var senders: Int
  var burst: Int
  var isBatched: Bool
  var rate: Double?
  var isTimed: Bool
  /// How many messages may be on their way.
  var window: Int
}

/// What a worker says.
enum Answer: Codable {
  case ready
  case sent(SendReport)
  case received(ReceiveReport)
  case memory(sealedPerSecond: Double, openedPerSecond: Double)
  case failed(String)
}

struct SendReport: Codable {
  var sent: Int
  /// From the first message until all had arrived, or were given up.
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
