import CommonSupport
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Interfaces that appear and disappear")
struct InterfaceTrackerTests {
  private typealias Step = InterfaceTracker.Step

  private static let address = IPAddress("192.0.2.1")

  private func snapshot(
    _ index: UInt32 = 7, isUp: Bool = true, hasCarrier: Bool = true, ups: UInt32 = 1,
    source: IPAddress? = InterfaceTrackerTests.address, isLoopback: Bool = false
  ) -> InterfaceSnapshot {
    InterfaceSnapshot(
      interface: NetworkInterface(name: "eth0", index: index), isUp: isUp, hasCarrier: isUp && hasCarrier,
      carrierUps: ups,
      source: source, isLoopback: isLoopback)
  }

  /// Looks at these states in order, and carries out the steps.
  private func steps(
    _ snapshots: InterfaceSnapshot?..., isReportedByKernel: Bool = false
  ) throws -> [[Step]] {
    var followed = InterfaceTracker(try #require(snapshots[0]))
    followed.joined = 7
    return snapshots.dropFirst().map { snapshot in
      let steps = followed.look(snapshot, isReportedByKernel: isReportedByKernel, at: .now)
      for step in steps {
        switch step {
        case .leave: followed.joined = nil
        case .join(let number), .report(let number): followed.joined = number
        }
      }
      return steps
    }
  }

  @Test("an unchanged interface needs no step")
  func nothing() throws {
    #expect(try steps(snapshot(), snapshot(), snapshot()) == [[], []])
  }

  @Test("an interface that disappears is left at once, and joined when it is back with its old or another index")
  func gone() throws {
    #expect(try steps(snapshot(), nil, nil, snapshot()) == [[.leave(7)], [], [.join(7)]])
    #expect(try steps(snapshot(), nil, snapshot(8)) == [[.leave(7)], [.join(8)]])
    // The interface was replaced between two looks.
    #expect(try steps(snapshot(), snapshot(8)) == [[.leave(7), .join(8)]])
  }

  @Test("a returning carrier causes one membership report, also if no look saw it go")
  func carrier() throws {
    #expect(
      try steps(snapshot(), snapshot(hasCarrier: false), snapshot(ups: 2), snapshot(ups: 2)) == [[], [.report(7)], []])
    #expect(try steps(snapshot(), snapshot(ups: 2), snapshot(ups: 2)) == [[.report(7)], []])
    #expect(try steps(snapshot(), snapshot(isUp: false), snapshot()) == [[], [.report(7)]])
    #expect(
      try steps(snapshot(), snapshot(hasCarrier: false, ups: 2), snapshot(hasCarrier: false, ups: 2)) == [[], []])
    #expect(try steps(snapshot(), snapshot(hasCarrier: false), snapshot(ups: 2), isReportedByKernel: true) == [[], []])
  }

  /// A peer of a machine, and its next look at the interface.
  private struct Peer {
    var followed: InterfaceTracker
    var nextLook: BootInstant
  }

  /// Peers of one machine look once a second, each up to 1.5 s late.
  ///
  /// - Parameter returns: The times at which the carrier is back, after short losses.
  /// - Returns: The times at which the kernel reported the group, and the peers that were members 10 s later.
  private func reports(of count: Int, after returns: [Duration], seed: UInt64) -> (times: [Duration], members: Int) {
    var random = SeededGenerator(seed: seed)
    let start = BootInstant.now
    var peers = (0..<count).map { _ in
      var followed = InterfaceTracker(snapshot())
      followed.joined = 7
      return Peer(followed: followed, nextLook: start + .milliseconds(Int.random(in: 0...1000, using: &random)))
    }
    var reported: [Duration] = []
    while let next = peers.indices.min(by: { peers[$0].nextLook < peers[$1].nextLook }),
      case let now = peers[next].nextLook, start.duration(to: now) < (returns.last ?? .zero) + .seconds(10)
    {
      func joinInTurn() {
        let isAlone = peers.allSatisfy { $0.followed.joined == nil }
        guard peers[next].followed.mayJoin(isAlone: isAlone, now: now) else { return }
        if isAlone { reported.append(start.duration(to: now)) }
        peers[next].followed.joined = 7
      }
      let ups = 1 + returns.count { $0 <= start.duration(to: now) }
      for step in peers[next].followed.look(snapshot(ups: UInt32(ups)), isReportedByKernel: false, at: now) {
        if case .report = step { peers[next].followed.left(now: now) }
        joinInTurn()
      }
      let isLate = Int.random(in: 0..<4, using: &random) == 0
      peers[next].nextLook =
        now + .milliseconds(1000 + (isLate ? Int.random(in: 0...1500, using: &random) : 0))
    }
    return (reported, peers.count { $0.followed.joined == 7 })
  }

  @Test("several peers of a machine bring about a report after each return of the carrier, whenever they look")
  func reportsOfSeveral() throws {
    for seed in 0..<2000 as Range<UInt64> {
      let count = 1 + Int(seed % 6)
      let returns: [Duration] = seed % 2 == 0 ? [.seconds(2)] : [.seconds(2), .milliseconds(2100 + Int(seed))]
      let (times, members) = reports(of: count, after: returns, seed: seed)
      let last = try #require(returns.last)
      #expect(times.contains { $0 >= last } && members == count, "seed \(seed): \(times), \(members) of \(count)")
    }
  }

  @Test("a peer does not wait for members of an interface that was replaced, or went and came back meanwhile")
  func replacedWhileWaiting() {
    let start = BootInstant.now
    for next in [[snapshot(8)], [nil, snapshot(7)]] {
      var followed = InterfaceTracker(snapshot())
      followed.joined = 7
      #expect(followed.look(snapshot(ups: 2), isReportedByKernel: false, at: start) == [.report(7)])
      followed.left(now: start)
      let later = start + .seconds(1)
      let mayJoinBeside = followed.mayJoin(isAlone: false, now: later)
      #expect(!mayJoinBeside)
      for snapshot in next { _ = followed.look(snapshot, isReportedByKernel: false, at: later) }
      let mayJoin = followed.mayJoin(isAlone: false, now: later)
      #expect(mayJoin)
    }
  }

  @Test("the first address causes a membership report, and a change of address causes none")
  func address() throws {
    #expect(try steps(snapshot(source: nil), snapshot(), snapshot()) == [[.report(7)], []])
    #expect(try steps(snapshot(), snapshot(source: IPAddress("192.0.2.2"))) == [[]])
  }

  @Test("the condition of an interface is the first missing prerequisite")
  func conditions() {
    #expect(snapshot(isUp: false, source: nil).condition == .down)
    #expect(snapshot(hasCarrier: false, source: nil).condition == .noCarrier)
    #expect(snapshot(source: nil).condition == .noAddress(nil))
    #expect(snapshot().condition == .ready)
    #expect(snapshot(source: nil, isLoopback: true).condition == .ready)
  }

  @Test("a failed or pending join is tried again, also if nothing changes")
  func pending() {
    var followed = InterfaceTracker(snapshot())
    #expect(followed.isPending)
    followed.joined = 7
    #expect(!followed.isPending)
    #expect(followed.look(snapshot(), isReportedByKernel: false, at: .now) == [])
    followed.joined = nil
    #expect(followed.look(snapshot(), isReportedByKernel: false, at: .now) == [.join(7)])
    followed.refused(SystemError("setsockopt", 105))
    #expect(followed.isPending && followed.look(snapshot(), isReportedByKernel: false, at: .now) == [.join(7)])
  }

  @Test("a route to another interface is followed, and without a usable route the group stays")
  func route() {
    let (red, blue) = (NetworkInterface(name: "red", index: 2), NetworkInterface(name: "blue", index: 3))
    var route = RouteTracker(.none)
    #expect(route.look(.none, present: red) == nil)
    #expect(route.look(.by(blue), present: red) == blue)
    #expect(route.look(.by(blue), present: blue) == nil)
    #expect(route.look(.none, present: blue) == nil)
    #expect(route.look(.nowhere, present: blue) == nil)
    #expect(route.last == .nowhere)
    #expect(route.look(.by(red), present: blue) == red)
  }

  @Test("the last announcement is always true in the end, and a flapping state is announced less and less often")
  func announcement() {
    let start = BootInstant.now
    var (word, said) = (Announcement<Bool, BootInstant>(false), [Int]())
    #expect(word.due(false, now: start) == nil)
    // The state changes every second for an hour, and then stays.
    for second in 0..<3600 where word.due(second % 2 == 0, now: start + .seconds(second)) != nil { said.append(second) }
    #expect(said.first == 0 && said.count < 100 && said.count > 50, "\(said.count)")
    var last: Int?
    for second in 3600..<3700 where word.due(true, now: start + .seconds(second)) != nil { last = second }
    #expect(word.said)
    #expect(last.map { $0 < 3665 } ?? true)
    // After a quiet time, a change is announced at once.
    #expect(word.due(false, now: start + .seconds(3800)) == true)
  }

  @Test("the kernel's table shows the interfaces on which a socket of this machine is a member")
  func table() throws {
    let table = MembershipTable(
      """
      Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter
      1\tlo        :     1      V3
      \t\t\t\t010000E0     1 0:00000000\t\t0
      12\teth0.100  :     2      V2
      \t\t\t\t0100FFEF     2 0:00000000\t\t1
      \t\t\t\t010000E0     1 0:00000000\t\t0

      """)
    let group = try #require(IPAddress("239.255.0.1"))
    #expect(table.hasMember(of: group, on: 12))
    #expect(!table.hasMember(of: group, on: 1) && !table.hasMember(of: group, on: 2))
    #expect(!table.hasMember(of: try #require(IPAddress("239.255.0.2")), on: 12))
    #expect(table.hasMember(of: try #require(IPAddress("224.0.0.1")), on: 1))
  }
}
