import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("The limit of failed verifications")
struct VerificationLimitTests {
  private let start = BootInstant.now
  private let home = endpoint(1)
  /// Addresses that share no bucket with it.
  private let others = (UInt8(2)...254).map { endpoint($0) }.filter {
    VerificationLimit.place(of: $0) != VerificationLimit.place(of: endpoint(1))
  }

  /// Offers bad signatures at a rate for ten seconds, and returns the number that were verified.
  private func flood(
    _ limit: inout VerificationLimit, as members: [MemberID], from sources: [Endpoint], rate: Int
  ) -> Int {
    var verified = 0
    for index in 0..<rate * 10 {
      let now = start + .nanoseconds(1_000_000_000 * index / rate)
      let (member, source) = (members[index % members.count], sources[index % sources.count])
      guard limit.admits(member, from: source, now: now) else { continue }
      limit.verified(member, from: source, isRight: false)
      verified += 1
    }
    return verified
  }

  private let everybody = (UInt8.min ... .max).map { MemberID(rawValue: $0) }

  @Test("from one address, 2,000 a second are verified, whatever members they name")
  func oneAddress() {
    for members in [[1], everybody] {
      var limit = VerificationLimit(now: start)
      #expect((19_000...20_500).contains(flood(&limit, as: members, from: [others[0]], rate: 20_000)))
    }
  }

  @Test("from many addresses, 6,000 a second are verified")
  func manyAddresses() {
    var limit = VerificationLimit(now: start)
    #expect((58_000...61_000).contains(flood(&limit, as: everybody, from: others, rate: 50_000)))
  }

  @Test("a flood from elsewhere keeps out no member that was heard, and none that was not")
  func elsewhere() {
    var limit = VerificationLimit(now: start)
    limit.verified(1, from: home, isRight: true)
    var admitted = [0, 0, 0]
    for index in 0..<200_000 {
      let now = start + .nanoseconds(50_000 * index)
      for member in [1, 2] as [MemberID] where limit.admits(member, from: others[0], now: now) {
        limit.verified(member, from: others[0], isRight: false)
      }
      guard index.isMultiple(of: 100) else { continue }
      // A message of the member itself, one of it after a restart, and the first one of another.
      for (place, arrival) in ([(1, home), (1, endpoint(1, port: 1001)), (2, home)] as [(MemberID, Endpoint)])
        .enumerated()
      {
        if limit.admits(arrival.0, from: arrival.1, now: now) { admitted[place] += 1 }
      }
    }
    #expect(admitted == [2000, 2000, 2000])
  }

  @Test(
    "a flood from the address of a member, and another port, does not keep it out; a newcomer there soon gets a turn")
  func sameHost() {
    var limit = VerificationLimit(now: start)
    limit.verified(1, from: home, isRight: true)
    let attacker = endpoint(1, port: 4000)
    var (heard, turns) = (0, 0)
    for index in 0..<200_000 {
      let now = start + .nanoseconds(50_000 * index)
      if limit.admits(1, from: attacker, now: now) { limit.verified(1, from: attacker, isRight: false) }
      guard index.isMultiple(of: 100) else { continue }
      // Between two of the flood.
      let between = now + .microseconds(25)
      if limit.admits(1, from: home, now: between) { heard += 1 }
      if limit.admits(2, from: endpoint(1, port: 1001), now: between) { turns += 1 }
    }
    #expect(heard == 2000)
    #expect(turns > 20)
  }

  @Test("an address and port that was right before is limited too, once it sends bad signatures")
  func familiar() {
    var limit = VerificationLimit(now: start)
    limit.verified(1, from: home, isRight: true)
    #expect((19_000...20_500).contains(flood(&limit, as: [1], from: [home], rate: 20_000)))
  }

  @Test("datagrams that arrived before the limit was made, and were late, are verified as others are")
  func earlier() {
    for delay in [Duration.milliseconds(1), .seconds(1), .seconds(3600)] {
      var limit = VerificationLimit(now: start + delay)
      let first = limit.admits(1, from: home, now: start)
      limit.verified(1, from: home, isRight: true)
      let familiar = limit.admits(1, from: home, now: start)
      let other = limit.admits(2, from: others[0], now: start + delay)
      let again = limit.admits(1, from: home, now: start)
      #expect(first && familiar && other && again)
    }
  }
}
