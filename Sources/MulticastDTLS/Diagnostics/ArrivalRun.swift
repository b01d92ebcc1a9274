/// Messages that were accepted one right after the other and differ in nothing but their numbers, so that they can be
/// counted and watched as one. Pure.
struct ArrivalRun {
  /// The first of them.
  let first: Arrival
  /// The highest number among them.
  private(set) var highest: UInt64
  /// How many they are, and for how many there was room.
  private(set) var count = 1
  private(set) var delivered: Int
  /// How many messages before them are missing, as of now; negative if more came late than are missing.
  private(set) var lost: Int64
  /// How many came after a later one.
  private(set) var late: Int

  /// - Parameter isDelivered: Whether there was room for it.
  init(_ arrival: Arrival, isDelivered: Bool) {
    first = arrival
    highest = arrival.origin.sequence
    delivered = isDelivered ? 1 : 0
    lost = arrival.lost
    late = arrival.isLate ? 1 : 0
  }

  /// Says if a record belongs to the run once it is accepted as the next one.
  func includes(_ header: RecordHeader, from source: Endpoint) -> Bool {
    header.member == first.origin.sender && header.epoch == first.origin.epoch.rawValue && source == first.origin.source
      && !first.isStraggler
  }

  /// Takes in a message that belongs to the run.
  mutating func add(_ opened: InboundSession.Opened, sequence: UInt64, isDelivered: Bool) {
    highest = max(highest, sequence)
    count += 1
    delivered += isDelivered ? 1 : 0
    lost += opened.lost
    late += opened.isLate ? 1 : 0
  }
}
