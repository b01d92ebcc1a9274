/// Which records of a batch can leave as segments of one: equal in size, but for the last, which may be shorter. Pure.
///
/// Source: udp(7), UDP_SEGMENT.
struct SegmentRun: Hashable {
  /// How many records, and how many bytes they have.
  let count: Int
  let byteCount: Int

  /// The most bytes that one call takes: what fits an IPv4 datagram with its headers. Source: RFC 791, RFC 768.
  static let maximumBytes = 65_535 - 20 - 8
  /// The most records that one call takes: the kernel's UDP_MAX_SEGMENTS, since Linux 6.9 and before.
  static let maximumCount = 128
  static let formerMaximumCount = 64

  /// The longest run from a place on.
  ///
  /// - Parameters:
  ///   - sizes: The sizes of records, each at most ``maximumBytes``.
  ///   - limit: The most records that it may have.
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
