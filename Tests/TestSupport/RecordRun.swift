import MulticastDTLS

/// Records of one member with one key in one epoch, with consecutive sequence numbers in wire order.
package struct RecordRun: Hashable, Sendable {
  package let member: UInt8
  package let epoch: UInt16
  /// The index of the key that opens its first and its last record.
  package let key: Int
  /// The positions of its first and its last record among all datagrams.
  package fileprivate(set) var places: ClosedRange<Int>
  /// Their sequence numbers, without gaps or duplicates.
  package fileprivate(set) var sequences: ClosedRange<UInt64>

  /// Key, epoch and member. No two runs may have the same values.
  package var nonces: [Int] { [key, Int(epoch), Int(member)] }

  /// Splits recorded datagrams into runs. Nil if the first or the last record of a run opens with no key, or the two
  /// open with different keys, or a datagram is too short for a record.
  package static func runs(in datagrams: [[UInt8]], keys: [RecordKeys]) -> [RecordRun]? {
    var finished: [RecordRun] = []
    var current: [UInt8: RecordRun] = [:]
    func key(of place: Int) -> Int? {
      keys.firstIndex { IndependentRecord(opening: datagrams[place], with: $0) != nil }
    }
    /// The last record of a run must open with the same key as its first.
    func finish(_ run: RecordRun) -> Bool {
      finished.append(run)
      return key(of: run.places.upperBound) == run.key
    }
    for (place, datagram) in datagrams.enumerated() {
      guard datagram.count > 13 else { return nil }
      let (epoch, member) = (UInt16(datagram[3]) << 8 | UInt16(datagram[4]), datagram[5])
      let sequence = datagram[6...10].reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
      if let run = current[member], run.epoch == epoch, sequence == run.sequences.upperBound + 1 {
        current[member]?.places = run.places.lowerBound...place
        current[member]?.sequences = run.sequences.lowerBound...sequence
        continue
      }
      if let run = current[member], !finish(run) { return nil }
      guard let key = key(of: place) else { return nil }
      current[member] = RecordRun(
        member: member, epoch: epoch, key: key, places: place...place, sequences: sequence...sequence)
    }
    return current.values.allSatisfy { finish($0) } ? finished : nil
  }
}
