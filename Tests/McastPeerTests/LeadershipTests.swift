import MulticastDTLS
import Testing

@testable import leader

@Suite("Leadership in the leader example")
struct LeadershipTests {
  private let start = ContinuousClock.now

  private func leadership(_ heard: [(member: MemberID, at: Duration)]) -> Leadership {
    var leadership = Leadership()
    for (member, time) in heard { leadership.hear(member, at: start + time) }
    return leadership
  }

  @Test("nobody leads before anyone is heard")
  func nobody() {
    #expect(Leadership().leader(at: start) == nil)
  }

  @Test("the lowest ID leads, in any order of messages")
  func lowest() {
    let leadership = leadership([(2, .zero), (0, .seconds(1)), (1, .seconds(2))])
    #expect(leadership.leader(at: start + .seconds(2)) == 0)
  }

  @Test("after three seconds of silence the next ID leads, and nobody once all are silent for so long")
  func silence() {
    let leadership = leadership([(0, .zero), (1, .zero), (0, .seconds(1)), (1, .seconds(2))])
    #expect(leadership.leader(at: start + .seconds(4)) == 0)
    #expect(leadership.leader(at: start + .seconds(4) + .nanoseconds(1)) == 1)
    #expect(leadership.leader(at: start + .seconds(5)) == 1)
    #expect(leadership.leader(at: start + .seconds(5) + .nanoseconds(1)) == nil)
  }

  @Test("the lowest ID leads again as soon as it is back")
  func back() {
    let leadership = leadership([(0, .zero), (1, .seconds(9)), (0, .seconds(10))])
    #expect(leadership.leader(at: start + .seconds(10)) == 0)
  }
}
