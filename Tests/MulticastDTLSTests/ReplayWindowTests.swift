import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("The replay window")
struct ReplayWindowTests {
  @Test("a number is fresh once")
  func once() {
    var window = ReplayWindow()
    #expect(window.isFresh(0))
    window.accept(0)
    #expect(!window.isFresh(0))
    #expect(window.isFresh(1))
  }

  @Test("the window covers 64 numbers, and older ones are not fresh")
  func edge() {
    var window = ReplayWindow()
    window.accept(1000)
    #expect(window.isFresh(937))
    #expect(!window.isFresh(936))
    window.accept(937)
    #expect(!window.isFresh(937))
    #expect(window.isFresh(938))
  }

  @Test("a jump by any step keeps the accepted numbers known", arguments: [1, 63, 64, 65, 100_000] as [UInt64])
  func jump(step: UInt64) {
    var window = ReplayWindow()
    window.accept(500)
    window.accept(500 + step)
    #expect(!window.isFresh(500))
    #expect(!window.isFresh(500 + step))
    #expect(window.isFresh(500 + step - 1) == (step > 1))
  }

  @Test("the window agrees with a plain set of all numbers on 100,000 random arrivals")
  func model() {
    var generator = SeededGenerator(seed: 1)
    var window = ReplayWindow()
    var accepted: Set<UInt64> = []
    var highest: UInt64?
    for _ in 0..<100_000 {
      let around = highest ?? 0
      let sequence = UInt64(max(0, Int(around) + Int.random(in: -80...4, using: &generator)))
      let isOld = highest.map { sequence + 64 <= $0 } ?? false
      let expected = !isOld && !accepted.contains(sequence)
      #expect(window.isFresh(sequence) == expected)
      if expected {
        window.accept(sequence)
        accepted.insert(sequence)
        highest = max(around, sequence)
      }
    }
  }
}
