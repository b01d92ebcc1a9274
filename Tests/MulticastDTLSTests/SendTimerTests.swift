import Synchronization
import Testing

@testable import MulticastDTLS

@Suite("The send timer")
struct SendTimerTests {
  @Test("the timer calls at once and then at every interval, up to the count")
  func counts() async throws {
    let clock = TestClock()
    let calls = Mutex<[(number: UInt64, at: Duration)]>([])
    try await SendTimer(interval: .seconds(3), count: 4, clock: clock).run { number in
      calls.withLock { $0.append((number, clock.now.elapsed)) }
      return true
    }
    #expect(calls.withLock { $0.map(\.number) } == [1, 2, 3, 4])
    #expect(calls.withLock { $0.map(\.at) } == [.zero, .seconds(3), .seconds(6), .seconds(9)])
  }

  @Test("an unsent message is called for again with its number, at the next interval")
  func failed() async throws {
    let clock = TestClock()
    let calls = Mutex<[(number: UInt64, at: Duration)]>([])
    try await SendTimer(interval: .seconds(3), count: 2, clock: clock).run { number in
      calls.withLock {
        $0.append((number, clock.now.elapsed))
        return $0.count != 2
      }
    }
    #expect(calls.withLock { $0.map(\.number) } == [1, 2, 2])
    #expect(calls.withLock { $0.map(\.at) } == [.zero, .seconds(3), .seconds(6)])
  }

  @Test("an error of the sender ends the timer")
  func throwing() async {
    await #expect(throws: SendError.stopped) {
      try await SendTimer(interval: .seconds(3), clock: TestClock()).run { _ in throw SendError.stopped }
    }
  }

  @Test("cancelling the task ends a waiting timer")
  func cancelled() async {
    let task = Task { try await SendTimer(interval: .seconds(3600)).run { _ in true } }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}
