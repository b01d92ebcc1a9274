import Testing

@testable import MulticastDTLS

@Suite("The send schedule")
struct SendScheduleTests {
  private let start = ContinuousClock.now

  @Test("the first time is the start, and the others follow at each interval")
  func regular() {
    var schedule = SendSchedule(start: start, interval: .seconds(3))
    for index in 0..<1000 {
      #expect(schedule.next == start + .seconds(3) * index)
      schedule.advance(past: schedule.next)
    }
  }

  @Test("a late message does not delay the next one", arguments: [1, 500, 2999])
  func noDrift(milliseconds: Int) {
    var schedule = SendSchedule(start: start, interval: .seconds(3))
    for index in 1...1000 {
      schedule.advance(past: schedule.next + .milliseconds(milliseconds))
      #expect(schedule.next == start + .seconds(3) * index)
    }
  }

  @Test(
    "missed times are skipped, and the later times stay on the interval",
    arguments: [(3000, 6), (3001, 6), (5999, 6), (6000, 9), (100_000, 102), (86_400_000, 86_403)])
  func missed(now: Int, next: Int) {
    var schedule = SendSchedule(start: start, interval: .seconds(3))
    schedule.advance(past: start + .milliseconds(now))
    #expect(schedule.next == start + .seconds(next))
  }

  @Test(
    "a thousand messages a second make up for a delay of up to 100 ms, but not for a longer one",
    arguments: [(0, 1), (1, 1), (50, 1), (100, 1), (101, 102), (5000, 5001)])
  func often(now: Int, next: Int) {
    var schedule = SendSchedule(start: start, interval: .milliseconds(1))
    schedule.advance(past: start + .milliseconds(now))
    #expect(schedule.next == start + .milliseconds(next))
  }

  @Test("a clock that is early never repeats a time")
  func early() {
    var schedule = SendSchedule(start: start, interval: .seconds(3))
    schedule.advance(past: start - .seconds(1))
    #expect(schedule.next == start + .seconds(3))
  }
}
