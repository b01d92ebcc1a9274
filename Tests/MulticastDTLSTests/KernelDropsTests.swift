import Testing

@testable import MulticastDTLS

@Suite("Kernel drops in batches of unknown size")
struct KernelDropsTests {
  @Test("a dropped batch counts as one datagram, and as the mean batch once enough batches have arrived")
  func estimate() {
    var drops = KernelDrops()
    drops.count(0, .init(batches: 100, datagrams: 100), isTick: true)
    // A process that was stopped finds the queue full, and has received nothing yet.
    drops.count(756, .init(batches: 100, datagrams: 100), isTick: true)
    #expect(drops.batches == 756 && drops.datagrams == 756)
    drops.count(756, .init(batches: 110, datagrams: 1360), isTick: false)
    #expect(drops.datagrams == 756)
    drops.count(756, .init(batches: 140, datagrams: 140 + 40 * 125), isTick: false)
    #expect(drops.batches == 756 && drops.datagrams == 756 * 126)
    // Later drops among single datagrams count as single datagrams.
    drops.count(756, .init(batches: 141, datagrams: 5141), isTick: true)
    drops.count(766, .init(batches: 200, datagrams: 5200), isTick: true)
    #expect(drops.batches == 766 && drops.datagrams == 756 * 126 + 10)
  }

  @Test("a small sample is used after a second, and the counts never decrease")
  func small() {
    var drops = KernelDrops()
    drops.count(3, .init(batches: 1, datagrams: 50), isTick: false)
    #expect(drops.datagrams == 3)
    drops.count(3, .init(batches: 1, datagrams: 50), isTick: true)
    #expect(drops.datagrams == 150)
    drops.count(1, .init(batches: 2, datagrams: 51), isTick: true)
    #expect(drops.batches == 3 && drops.datagrams == 150)
  }

  @Test("the count is exact if every batch is one datagram")
  func exact() {
    var drops = KernelDrops()
    for second in 1...50 {
      drops.count(second * 7, .init(batches: second * 1000, datagrams: second * 1000), isTick: true)
      #expect(drops.datagrams == second * 7)
    }
  }
}
