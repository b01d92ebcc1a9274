/// The result of a cell in one round.
struct Measurement: Codable, Hashable {
  var round: Int
  var sent: Int
  /// The messages delivered, summed over all receivers.
  var delivered: Int
  /// The messages sent and not delivered, summed over all receivers.
  var lost: Int
  /// The messages of the slowest receiver, divided by the time from the first one sent to the last one delivered.
  var messagesPerSecond: Double
  /// CPU time of the sending process per message sent.
  var senderMicroseconds: Double
  /// CPU time of a receiving process per message delivered to it, averaged over all receivers.
  var receiverMicroseconds: Double
  var latency: Latency?
}

/// The latency of messages from one process to another, in microseconds.
struct Latency: Codable, Hashable {
  var p50: Double
  var p99: Double
  var p999: Double
}

/// The rates of sealing and opening in memory, without a socket, in one round.
struct MemoryMeasurement: Codable, Hashable {
  var round: Int
  var sealedPerSecond: Double
  var openedPerSecond: Double

  /// The upper limit of a link, whose slower side sets the pace.
  var limit: Double { min(sealedPerSecond, openedPerSecond) }
}
