import Synchronization
import Testing

@testable import MulticastDTLS

@Suite("Pacing")
struct SendPacerTests {
  @Test("messages come due at the rate, and none is due twice")
  func due() {
    var schedule = PaceSchedule(start: BootInstant.now, rate: 10_000)
    let start = schedule.next
    for millisecond in 0..<1000 {
      let due = schedule.due(at: start + .milliseconds(millisecond))
      #expect(due == (millisecond == 0 ? 1 : 10))
      schedule.advance(by: due)
    }
    let next = schedule.due(at: start + .milliseconds(999))
    #expect(next == 0)
  }

  @Test(
    "a delay of up to 100 ms is made up for, and older messages are skipped",
    arguments: [(50, 501), (100, 1001), (5000, 1001)])
  func hiccup(milliseconds: Int, due: Int) {
    let start = BootInstant.now
    var schedule = PaceSchedule(start: start, rate: 10_000)
    let found = schedule.due(at: start + .milliseconds(milliseconds))
    #expect(found == due)
  }

  @Test("unsent messages stay due")
  func unsent() {
    let start = BootInstant.now
    var schedule = PaceSchedule(start: start, rate: 1000)
    let first = schedule.due(at: start + .milliseconds(20))
    schedule.advance(by: 5)
    let second = schedule.due(at: start + .milliseconds(20))
    #expect(first == 21 && second == 16)
  }

  @Test("a slow rate calls for one message at each interval")
  func slow() async throws {
    let clock = TestClock()
    let calls = Mutex<[(Range<UInt64>, Duration)]>([])
    try await SendPacer(rate: 0.5, count: 3, clock: clock).run { numbers in
      calls.withLock { $0.append((numbers, clock.now.elapsed)) }
      return numbers.count
    }
    #expect(calls.withLock { $0.map(\.0) } == [1..<2, 2..<3, 3..<4])
    #expect(calls.withLock { $0.map(\.1) } == [.zero, .seconds(2), .seconds(4)])
  }

  @Test("a high rate calls for the messages due, at most a batch at a time")
  func fast() async throws {
    let clock = TestClock()
    let calls = Mutex<[(Range<UInt64>, Duration)]>([])
    try await SendPacer(rate: 150_000, count: 1500, clock: clock).run { numbers in
      calls.withLock { $0.append((numbers, clock.now.elapsed)) }
      return numbers.count
    }
    let all = calls.withLock { $0 }
    #expect(all.map(\.0.count).max() == SendBatch.capacity)
    #expect(zip(all, all.dropFirst()).allSatisfy { $0.0.upperBound == $1.0.lowerBound })
    #expect(all.first?.0.lowerBound == 1 && all.last?.0.upperBound == 1501)
    // 1500 messages take 10 ms.
    #expect(all.last?.1 == .milliseconds(10))
  }

  @Test("at rate 0 a batch is always due, up to the count")
  func unlimited() async throws {
    let clock = TestClock()
    let calls = Mutex<[Range<UInt64>]>([])
    try await SendPacer(rate: 0, count: 150, clock: clock).run { numbers in
      calls.withLock { $0.append(numbers) }
      return numbers.count
    }
    #expect(calls.withLock { $0 } == [1..<129, 129..<151])
    #expect(clock.now.elapsed == .zero)
  }

  @Test("a message that the network rejected is called for again after a pause", arguments: [0, 1000.0])
  func refused(rate: Double) async throws {
    let clock = TestClock()
    let calls = Mutex<[(UInt64, Duration)]>([])
    try await SendPacer(rate: rate, count: 2, clock: clock).run { numbers in
      calls.withLock {
        $0.append((numbers.lowerBound, clock.now.elapsed))
        return $0.count == 1 ? 0 : 1
      }
    }
    #expect(calls.withLock { $0.map(\.0) } == [1, 1, 2])
    #expect(calls.withLock { $0[1].1 } == .milliseconds(rate == 0 ? 10 : 1))
  }

  @Test("cancelling the task ends the pacer, also one that never waits", arguments: [0, 0.001])
  func cancelled(rate: Double) async {
    let task = Task { try await SendPacer(rate: rate).run { $0.count } }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}
