/// Accepted records of one member that differ in nothing but their numbers: counted and observed as one.
struct ReceivedRun {
  /// The origin of the first record.
  let origin: Message.Origin
  /// The first record.
  let first: ReceivedRecord
  /// The highest number among them.
  private(set) var highest: UInt64
  /// The number of records, and of those that the handler took.
  private(set) var count = 1
  private(set) var delivered: Int
  /// The number of records before them that are missing; negative if more came late than are missing.
  private(set) var lost: Int64
  /// The number of records that came after a later one.
  private(set) var late: Int

  /// - Parameter isDelivered: True if the handler took the message.
  init(_ record: ReceivedRecord, _ origin: Message.Origin, isDelivered: Bool) {
    self.origin = origin
    first = record
    highest = origin.sequence
    delivered = isDelivered ? 1 : 0
    lost = record.lost
    late = record.isLate ? 1 : 0
  }

  /// True if a record of the same member continues the run.
  func continues(with record: ReceivedRecord, _ origin: Message.Origin) -> Bool {
    record.isPlain && !first.isStraggler && record.keyID == first.keyID && origin.epoch == self.origin.epoch
      && origin.source == self.origin.source
  }

  /// Adds a record that continues the run.
  mutating func add(_ record: ReceivedRecord, _ origin: Message.Origin, isDelivered: Bool) {
    highest = max(highest, origin.sequence)
    count += 1
    delivered += isDelivered ? 1 : 0
    lost += record.lost
    late += record.isLate ? 1 : 0
  }
}
