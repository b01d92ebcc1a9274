/// Which records of a batch can leave as segments of one: equal in size, but for the last, which may be shorter. Pure.
///
/// Source: udp(7), UDP_SEGMENT.
struct SegmentRun: Hashable {
  /// How many records, and how many bytes they have.
  let count: Int
  let byteCount: Int

  /// The most bytes that one call takes: what fits an IPv4 datagram with its headers. Source: RFC 791, RFC 768.
  static let maximumBytes = 65_535 - 20 - 8

  /// The longest run from a place on.
  ///
  /// - Parameter sizes: The sizes of records, at most as many as one call takes, each at most ``maximumBytes``.
  init(_ sizes: Span<UInt16>, from start: Int) {
    let size = Int(sizes[start])
    var (count, byteCount) = (1, size)
    while start + count < sizes.count {
      let next = Int(sizes[start + count])
      guard next <= size, byteCount + next <= Self.maximumBytes else { break }
      count += 1
      byteCount += next
      if next < size { break }
    }
    (self.count, self.byteCount) = (count, byteCount)
  }
}
