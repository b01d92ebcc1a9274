import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("The limit of failed verifications")
struct VerificationLimitTests {
  private let start = BootInstant.now
  private let home = endpoint(1)
  private let other = endpoint(2)

  /// Offers bad signatures at a rate for some seconds, and returns the number that were verified.
  private func flood(
    _ limit: inout VerificationLimit, as members: [MemberID], from source: Endpoint, rate: Int, seconds: Int
  ) -> Int {
    var verified = 0
    for index in 0..<rate * seconds {
      let now = start + .nanoseconds(1_000_000_000 * index / rate)
      let member = members[index % members.count]
      guard limit.admits(member, from: source, now: now) else { continue }
      limit.verified(member, from: source, isRight: false)
      verified += 1
    }
    return verified
  }

  @Test("in a member's name, other addresses cost at most 2,000 verifications a second")
  func oneMember() {
    var limit = VerificationLimit(now: start)
    let verified = flood(&limit, as: [1], from: other, rate: 20_000, seconds: 10)
    #expect((19_000...20_500).contains(verified))
  }

  @Test("in all members' names, they cost at most 6,000 a second")
  func allMembers() {
    var limit = VerificationLimit(now: start)
    let members = (UInt8.min ... .max).map { MemberID(rawValue: $0) }
    #expect((58_000...61_000).contains(flood(&limit, as: members, from: other, rate: 50_000, seconds: 10)))
  }

  @Test("a flood from elsewhere keeps no member out that was heard, and a newcomer soon gets a turn")
  func heard() {
    var limit = VerificationLimit(now: start)
    limit.verified(1, from: home, isRight: true)
    var (heard, turns) = (0, 0)
    for index in 0..<200_000 {
      let now = start + .nanoseconds(50_000 * index)
      if limit.admits(1, from: other, now: now) { limit.verified(1, from: other, isRight: false) }
      if limit.admits(2, from: other, now: now) { limit.verified(2, from: other, isRight: false) }
      guard index.isMultiple(of: 100) else { continue }
      // A message of the member itself, and the first one of another, between two of the flood.
      let between = now + .microseconds(25)
      if limit.admits(1, from: home, now: between) { heard += 1 }
      if limit.admits(2, from: home, now: between) { turns += 1 }
    }
    #expect(heard == 2000)
    #expect(turns > 20)
  }

  @Test("an address that was right before is limited too, once it sends bad signatures")
  func familiar() {
    var limit = VerificationLimit(now: start)
    limit.verified(1, from: home, isRight: true)
    #expect((19_000...20_500).contains(flood(&limit, as: [1], from: home, rate: 20_000, seconds: 10)))
  }

  @Test("a member that restarts on the same host is heard at once, under a flood from elsewhere")
  func restarted() {
    var limit = VerificationLimit(now: start)
    limit.verified(1, from: home, isRight: true)
    for index in 0..<100_000 {
      let now = start + .nanoseconds(50_000 * index)
      if limit.admits(1, from: other, now: now) { limit.verified(1, from: other, isRight: false) }
    }
    let now = start + .milliseconds(4999)
    let isAdmitted = (limit.admits(1, from: endpoint(1, port: 1001), now: now), limit.admits(1, from: other, now: now))
    #expect(isAdmitted == (true, false))
  }
}
