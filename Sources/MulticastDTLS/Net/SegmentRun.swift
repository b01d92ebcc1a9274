/// The records of a batch that one UDP_SEGMENT call can send: equal in size, except the last, which may be shorter.
/// Pure.
///
/// Source: udp(7), UDP_SEGMENT.
struct SegmentRun: Hashable {
  /// The number of records, and their total size in bytes.
  let count: Int
  let byteCount: Int

  /// The most bytes in one call: an IPv4 datagram less its headers. Source: RFC 791, RFC 768.
  static let maximumBytes = 65_535 - 20 - 8
  /// The most records in one call: the kernel's UDP_MAX_SEGMENTS since Linux 6.9; ``formerMaximumCount`` before.
  static let maximumCount = 128
  static let formerMaximumCount = 64

  /// Finds the longest run from a position.
  ///
  /// - Parameters:
  ///   - sizes: The sizes of the records, each at most ``maximumBytes``.
  ///   - start: The position of the first record.
  ///   - limit: The most records in the run.
  init(_ sizes: Span<UInt16>, from start: Int, limit: Int = maximumCount) {
    let size = Int(sizes[start])
    var (count, byteCount) = (1, size)
    while count < limit, start + count < sizes.count {
      let next = Int(sizes[start + count])
      guard next <= size, byteCount + next <= Self.maximumBytes else { break }
      count += 1
      byteCount += next
      if next < size { break }
    }
    (self.count, self.byteCount) = (count, byteCount)
  }
}
