import Testing

@testable import mcast_peer

@Suite("Events that wait")
struct PendingEventTests {
  @Test("an event waits at most once, until its work begins, and in the order of arrival")
  func once() async {
    let events = PendingEvents<Int>()
    for _ in 0..<1000 { for event in [2, 1] { events.add(event) } }
    var all: [Int] = []
    for await event in events.stream {
      all.append(event)
      events.taken(event)
      // A request during the work is another one.
      if all.count == 1 { for _ in 0..<10 { events.add(2) } }
      if all.count == 3 { events.finish() }
    }
    #expect(all == [2, 1, 2])
  }
}
