import Foundation
import TestSupport
import Testing

extension FollowingNetworkTests {
  @Test(
    "messages that wait while the interface is down arrive, and hardly any number counts as lost", arguments: Family.all
  )
  func outage(family: Family) async throws {
    let (here, there) = (try Namespace(), try Namespace())
    try here.connect("red", family.own(11, 1), to: there, family.own(11, 2))
    let listener = try start(1, "-I", "red", "--listen", in: there, family)
    try await listener.waitUntilReady(node: 1)
    let peer = try start(0, "-I", "red", "-i", "0.02", in: here, family)
    try await listener.waitUntilHeard(0)
    for _ in 0..<2 {
      try here.run("ip link set red down")
      // 200 messages would be due in this time.
      try await Task.sleep(for: .seconds(4))
      let heard = try listener.shown(from: 0).count
      try here.run("ip link set red up")
      if family == .ipv6 { try here.run("ip addr replace \(family.own(11, 1)) dev red nodad") }
      try await listener.waitUntilHeard(0, count: heard + 10)
    }
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)
    listener.signal(SIGTERM)
    #expect(try await listener.exitCode() == 0)
    let numbers = try listener.shown(from: 0)
    let (first, last) = (try #require(numbers.first), try #require(numbers.last))
    #expect(numbers == Array(first...last))
    let totals = try #require(try listener.errors.firstMatch(of: /, (\d+) received, (\d+) lost/))
    // One try a second at most, until the outage is noticed, and again afterwards.
    #expect(try #require(Int(totals.output.2)) <= 12, "\(totals.output.0)")
  }
}
