import Glibc

/// Datagrams that are nearly valid records. Each is a valid record with a change that a parser or a check might miss;
/// none is valid. The same seed makes the same datagrams.
package final class MutatedRecords {
  private let originals: [[UInt8]]
  private var random: SeededGenerator
  /// Reused for each datagram.
  private let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
  private static let capacity = 4096
  private var count = 0

  /// - Parameter originals: Whole valid records.
  package init(of originals: [[UInt8]], seed: UInt64) {
    self.originals = originals
    random = SeededGenerator(seed: seed)
    buffer.initialize(repeating: 0, count: Self.capacity)
  }

  deinit {
    buffer.deallocate()
  }

  /// The next datagram, valid until the next call.
  package func next() -> UnsafeRawBufferPointer {
    let original = originals[random.below(originals.count)]
    count = original.count
    memcpy(buffer, original, count)
    mutate()
    if random.below(4) == 0 { mutate() }
    // Two changes can undo each other, and a number can be replaced by itself.
    if count == original.count, memcmp(buffer, original, count) == 0 { flipBits(1) }
    return UnsafeRawBufferPointer(start: buffer, count: count)
  }

  private func mutate() {
    switch random.below(12) {
    case 0, 1: flipBits(1 + random.below(8))
    case 2: count = random.below(count + 1)
    case 3: extend(by: 1 + random.below(random.below(50) == 0 ? 1500 : 40))
    // The member ID.
    case 4: buffer[5] = random.byte()
    // The epoch: a random one, or a near one.
    case 5: fill(3..<5)
    case 6: buffer[4] &+= UInt8(1 + random.below(3))
    // The sequence: 40 random bits, or a near one.
    case 7: fill(6..<11)
    case 8: buffer[10] &+= UInt8(1 + random.below(80))
    // The length, so that it is wrong.
    case 9: fill(11..<13)
    // A header with the right length before a body of noise.
    case 10:
      extend(by: max(0, 13 + random.below(120) - count))
      fill(3..<count)
      setLength()
    // Noise.
    default:
      count = random.below(200)
      fill(0..<count)
    }
  }

  private func flipBits(_ times: Int) {
    guard count > 0 else { return }
    for _ in 0..<times { buffer[random.below(count)] ^= 1 << UInt8(random.below(8)) }
  }

  private func extend(by more: Int) {
    let end = min(count + more, 1500)
    guard end > count else { return }
    fill(count..<end)
    count = end
    // Half of the time the length field agrees.
    if random.below(2) == 0 { setLength() }
  }

  private func setLength() {
    guard count >= 13 else { return }
    buffer[11] = UInt8((count - 13) >> 8)
    buffer[12] = UInt8((count - 13) & 0xFF)
  }

  private func fill(_ range: Range<Int>) {
    var index = range.lowerBound
    while index < range.upperBound {
      var eight = random.next()
      for _ in 0..<min(8, range.upperBound - index) {
        buffer[index] = UInt8(truncatingIfNeeded: eight)
        eight >>= 8
        index += 1
      }
    }
  }
}

extension SeededGenerator {
  fileprivate mutating func byte() -> UInt8 {
    UInt8(truncatingIfNeeded: next())
  }
}
