/// The result of a soak.
struct SoakReport: Codable, Hashable {
  /// One of the two processes.
  struct Side: Codable, Hashable {
    /// Resident memory in bytes, sampled each second.
    var residentBytes: [Int]
    var allocations: Allocations
    /// The growth of resident memory after the warm-up, which lasts a tenth of the time, at most a minute.
    var growth: Int {
      guard let last = residentBytes.last else { return 0 }
      return last - residentBytes[min(60, residentBytes.count / 10)]
    }
  }

  /// The most growth, 1 MiB, and the most allocations a second, which are unrelated to messages: those of the tick once a
  /// second, which looks at silent members, metrics and interfaces. One for each batch would be thousands.
  private static let growthLimit = 1 << 20
  private static let allocationsPerSecondLimit = 20.0

  var method: Method
  var seconds: Double
  var topMessagesPerSecond: Double
  var sent: Int
  var lost: Int
  /// True if allocations were counted.
  var isCounting: Bool
  var sender: Side
  var receiver: Side

  /// The messages sent per second.
  var messagesPerSecond: Double { Double(sent) / seconds }

  var isMet: Bool { lost == 0 && isFlat && allocatesNothing }

  private var isFlat: Bool { [sender, receiver].allSatisfy { abs($0.growth) <= Self.growthLimit } }

  private var allocatesNothing: Bool {
    [sender, receiver].allSatisfy { Double($0.allocations.ours) <= Self.allocationsPerSecondLimit * seconds }
  }

  var text: String {
    """
    Soak, \(method.name), \(seconds.short) s at \(messagesPerSecond.short) messages/s \
    (\((messagesPerSecond / topMessagesPerSecond * 100).short) % of the top rate):
      lost: \(lost.grouped) of \(sent.grouped) \(lost == 0 ? "ok" : "MISSED")
      resident memory, sender \(text(sender)), receiver \(text(receiver)) \(isFlat ? "ok" : "MISSED")
      allocations a message, sender \(allocations(sender)), receiver \(allocations(receiver)) \
    \(!isCounting ? "not counted" : allocatesNothing ? "ok" : "MISSED")

    """
  }

  private func text(_ side: Side) -> String {
    let last = Double(side.residentBytes.last ?? 0) / 1e6
    return "\(last.short) MB (grown by \((Double(side.growth) / 1e6).short))"
  }

  private func allocations(_ side: Side) -> String {
    let messages = Double(max(sent, 1))
    let ours = Double(side.allocations.ours) / messages
    let wolfSSL = Double(side.allocations.wolfSSL) / messages
    return "\(ours.short) (\(side.allocations.ours.grouped) in all; wolfSSL \(wolfSSL.short))"
  }
}
