import Testing

@testable import mcast_bench

@Suite("Verdicts on the promises")
struct VerdictTests {
  @Test("the median decides, at any spread")
  func median() {
    #expect(Verdict("", rounds: [1.0, 2.9, 3.0], atLeast: 2.9, lost: 0)?.isMet == true)
    #expect(Verdict("", rounds: [1.0, 2.9, 9.0], atLeast: 2.91, lost: 0)?.isMet == false)
    #expect(Verdict("", rounds: [1.1, 1.2, 9.0], atMost: 1.2, lost: 0)?.isMet == true)
    #expect(Verdict("", rounds: [0.1, 1.2, 1.3], atMost: 1.19, lost: 0)?.isMet == false)
  }

  @Test("a lost message misses any promise, and the text reports it")
  func lost() throws {
    let verdict = try #require(Verdict("speed", rounds: [9], atLeast: 3, lost: 2))
    #expect(!verdict.isMet)
    #expect(verdict.text == "speed: 9.00 +- 0.000 (>= 3.00, 2 messages lost) MISSED")
  }

  @Test("no figures give no verdict")
  func nothing() {
    #expect(Verdict("", rounds: [], atLeast: 3, lost: 0) == nil)
    #expect(Results().verdicts.isEmpty)
  }

  @Test("figures of the same round are compared before the median is taken")
  func pairs() throws {
    var results = Results()
    for (round, speed) in [100.0, 200, 300].enumerated() {
      results.add(figures(round, speed), to: Cell(method: .baseline))
      results.add(figures(round, speed * 12), to: Cell(method: .library(.chaCha, isBatched: true)))
    }
    let verdict = try #require(results.verdicts.first)
    #expect(results.verdicts.count == 1)
    #expect(verdict.measured == 12)
    #expect(verdict.spread == 0)
    #expect(verdict.isMet)
  }

  @Test("each suite is compared with the lean C program for the same suite")
  func limit() throws {
    var results = Results()
    for (suite, speed) in zip(Suite.allCases, [100.0, 200]) {
      results.add(figures(1, speed), to: Cell(method: .limit(suite)))
      results.add(figures(1, 95), to: Cell(method: .library(suite, isBatched: true)))
    }
    #expect(results.verdicts.map(\.measured) == [0.95, 0.475])
    #expect(results.verdicts.map(\.isMet) == [true, false])
    #expect(results.verdicts.map(\.isChecked) == [true, true])
  }

  @Test("the slower side in memory is the limit, and its verdict is not checked")
  func memory() throws {
    var results = Results()
    results.add(figures(1, 90), to: Cell(method: .library(.wdm, isBatched: true)))
    results.add(
      MemoryMeasurement(round: 1, sealedPerSecond: 500, openedPerSecond: 100), to: MemoryCell(suite: .wdm))
    #expect(results.verdicts.map(\.measured) == [0.9])
    #expect(results.verdicts.map(\.isChecked) == [false])
  }

  @Test("growth is checked in microseconds, and the factors are not checked")
  func growth() throws {
    var results = Results()
    for (method, costs) in [(Method.plain, [4.0, 9]), (.library(.chaCha, isBatched: true), [1, 4])] {
      for (receivers, cost) in zip([1, 8], costs) {
        let cell = Cell(scenario: .receivers, method: method, receivers: receivers, rate: Plan.steadyRate)
        results.add(figures(1, 1, cost: cost), to: cell)
      }
    }
    let verdicts = results.verdicts
    #expect(verdicts.map(\.isChecked) == [true, false])
    #expect(verdicts.map(\.isMet) == [true, false])
    #expect(verdicts[0].measured == 0.6)
    #expect(verdicts[1].text.hasSuffix("not met"))
  }

  private func figures(_ round: Int, _ speed: Double, cost: Double = 1) -> Measurement {
    Measurement(
      round: round, sent: 1, delivered: 1, lost: 0, messagesPerSecond: speed, senderMicroseconds: cost,
      receiverMicroseconds: cost)
  }
}
