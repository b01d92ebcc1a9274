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

  /// Takes in a message that belongs to the run.
  ///
  /// - Returns: Whether it does; one of which something else is to be said begins a run of its own.
  mutating func extend(by arrival: Arrival, isDelivered: Bool) -> Bool {
    let (origin, former) = (arrival.origin, first.origin)
    guard origin.sender == former.sender, origin.epoch == former.epoch, origin.source == former.source,
      arrival.keyID == first.keyID, arrival.isStraggler == first.isStraggler, !arrival.isRestart, !arrival.isKeyChange
    else { return false }
    highest = max(highest, origin.sequence)
    count += 1
    delivered += isDelivered ? 1 : 0
    lost += arrival.lost
    late += arrival.isLate ? 1 : 0
    return true
  }
}
