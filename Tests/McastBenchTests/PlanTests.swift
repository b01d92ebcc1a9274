import Testing

@testable import mcast_bench

@Suite("Benchmark plans")
struct PlanTests {
  @Test("every cell of a plan is unique, so that rounds can be paired")
  func unique() {
    for plan in [Plan.full, .check, .smoke] {
      let cells = plan.groups.flatMap(\.cells)
      #expect(Set(cells).count == cells.count)
    }
  }

  @Test("a check measures enough for all verdicts")
  func enough() {
    #expect(verdicts(of: .check) == verdicts(of: .full))
    #expect(verdicts(of: .check).count == 18)
  }

  @Test("a soak passes only without growth, lost messages and allocations for each message")
  func soak() {
    let flat = SoakReport.Side(
      residentBytes: [1 << 20, 10 << 20] + Array(repeating: 20 << 20, count: 100),
      allocations: Allocations(all: 7, wolfSSL: 5))
    #expect(flat.growth == 0)
    #expect(flat.allocations.ours == 2)
    var report = SoakReport(
      method: .library(.chaCha, isBatched: true), seconds: 100, topMessagesPerSecond: 1000, sent: 80_000, lost: 0,
      isCounting: true, sender: flat,
      receiver: flat)
    #expect(report.isMet)
    report.sender.residentBytes.append(22 << 20)
    #expect(!report.isMet)
    report.sender = flat
    report.lost = 1
    #expect(!report.isMet)
    report.lost = 0
    report.receiver.allocations.all = 80_000
    #expect(!report.isMet)
  }

  private func verdicts(of plan: Plan) -> [String] {
    var results = Results()
    for group in plan.groups {
      for cell in group.cells {
        results.add(
          Measurement(
            round: 1, sent: 1, delivered: 1, lost: 0, messagesPerSecond: 1, senderMicroseconds: 1,
            receiverMicroseconds: 1, latency: Latency(p50: 1, p99: 1, p999: 1)), to: cell)
      }
      for cell in group.memoryCells {
        results.add(MemoryMeasurement(round: 1, sealedPerSecond: 1, openedPerSecond: 1), to: cell)
      }
    }
    return results.verdicts.map(\.name)
  }
}
