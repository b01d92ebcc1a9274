import Testing

@testable import MulticastDTLS

@Suite("The send schedule")
struct SendScheduleTests {
  private let start = ContinuousClock.now

  @Test("the first time is the start, and then comes one for each interval")
  func regular() {
    var schedule = SendSchedule(start: start, interval: .seconds(3))
    for index in 0..<1000 {
      #expect(schedule.next == start + .seconds(3) * index)
      schedule.advance(past: schedule.next)
    }
  }

  @Test("sending late does not make the next one late", arguments: [1, 500, 2999])
  func noDrift(milliseconds: Int) {
    var schedule = SendSchedule(start: start, interval: .seconds(3))
    for index in 1...1000 {
      schedule.advance(past: schedule.next + .milliseconds(milliseconds))
      #expect(schedule.next == start + .seconds(3) * index)
    }
  }

  @Test(
    "times that were missed are left out, and the rhythm is kept",
    arguments: [(3000, 6), (3001, 6), (5999, 6), (6000, 9), (100_000, 102), (86_400_000, 86_403)])
  func missed(now: Int, next: Int) {
    var schedule = SendSchedule(start: start, interval: .seconds(3))
    schedule.advance(past: start + .milliseconds(now))
    #expect(schedule.next == start + .seconds(next))
  }

  @Test(
    "who sends a thousand times a second makes up for a hiccup, and not for a sleep",
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
