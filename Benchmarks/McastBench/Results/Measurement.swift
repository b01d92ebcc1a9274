/// What a cell showed in one round.
struct Measurement: Codable, Hashable {
  var round: Int
  var sent: Int
  /// What the receivers took, all together.
  var delivered: Int
  /// What was sent and one of the receivers did not take, of all receivers together.
  var lost: Int
  /// What the slowest receiver took, by the time from the first message sent to the last one delivered.
  var messagesPerSecond: Double
  /// CPU time of the sending process by messages sent.
  var senderMicroseconds: Double
  /// CPU time of a receiving process by messages delivered to it, the mean of all.
  var receiverMicroseconds: Double
  var latency: Latency?
}

/// How long messages took from one process to the other, in microseconds.
struct Latency: Codable, Hashable {
  var p50: Double
  var p99: Double
  var p999: Double
}

/// What memory alone allows in one round.
struct MemoryMeasurement: Codable, Hashable {
  var round: Int
  var sealedPerSecond: Double
  var openedPerSecond: Double

  /// One side waits for the other.
  var limit: Double { min(sealedPerSecond, openedPerSecond) }
}
