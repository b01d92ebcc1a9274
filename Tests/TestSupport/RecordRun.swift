import MulticastDTLS

/// The records that one member made with one key in one epoch, as they followed each other on the wire.
package struct RecordRun: Hashable, Sendable {
  package let member: UInt8
  package let epoch: UInt16
  /// Which of the keys opens its first and its last record.
  package let key: Int
  /// Where its first and its last record stand among all datagrams.
  package fileprivate(set) var places: ClosedRange<Int>
  /// Their sequence numbers; none is missing in between, and none is there twice.
  package fileprivate(set) var sequences: ClosedRange<UInt64>

  /// What no two runs may share.
  package var nonces: [Int] { [key, Int(epoch), Int(member)] }

  /// Splits what was recorded into runs; nil if a datagram is no record of one of the keys, or a number is missing.
  package static func runs(in datagrams: [[UInt8]], keys: [RecordKeys]) -> [RecordRun]? {
    var finished: [RecordRun] = []
    var current: [UInt8: RecordRun] = [:]
    func key(of place: Int) -> Int? {
      keys.firstIndex { IndependentRecord(opening: datagrams[place], with: $0) != nil }
    }
    /// A run's last record must be of the same key as its first.
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
