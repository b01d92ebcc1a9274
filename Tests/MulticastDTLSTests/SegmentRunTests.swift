import Testing

@testable import MulticastDTLS

@Suite("Runs of records for one segmented datagram")
struct SegmentRunTests {
  private func runs(_ sizes: [UInt16], limit: Int = SegmentRun.maximumCount) -> [Int] {
    var (counts, start) = ([Int](), 0)
    while start < sizes.count {
      let run = SegmentRun(sizes.span, from: start, limit: limit)
      #expect(run.byteCount == sizes[start..<(start + run.count)].reduce(0) { $0 + Int($1) })
      counts.append(run.count)
      start += run.count
    }
    return counts
  }

  @Test(
    "a run has records of one size, and the last one may be shorter",
    arguments: [
      ([301], [1]),
      ([301, 301, 301], [3]),
      ([301, 301, 45], [3]),
      ([301, 301, 45, 45], [3, 1]),
      ([301, 45, 301, 301], [2, 2]),
      ([45, 301], [1, 1]),
      ([45, 301, 301, 300, 300, 300, 46], [1, 3, 3]),
    ] as [([UInt16], [Int])])
  func sizes(sizes: [UInt16], counts: [Int]) {
    #expect(runs(sizes) == counts)
  }

  @Test("a run has at most the segments that a current or an older kernel accepts")
  func limit() {
    let sizes = [UInt16](repeating: 301, count: 300)
    #expect(runs(sizes) == [128, 128, 44])
    #expect(runs(sizes, limit: SegmentRun.formerMaximumCount) == [64, 64, 64, 64, 44])
  }

  @Test("a run fits in one IPv4 datagram")
  func bytes() {
    #expect(runs([UInt16](repeating: 1388, count: 64)) == [47, 17])
    #expect(runs([UInt16](repeating: 1023, count: 64)) == [64])
    // 65,507 bytes: 47 of 1393, and the rest of 36.
    #expect(runs([UInt16](repeating: 1393, count: 47) + [36]) == [48])
    #expect(runs([UInt16](repeating: 1393, count: 47) + [37]) == [47, 1])
  }
}
