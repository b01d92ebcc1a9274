import Glibc
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Members that change while a peer runs")
struct FollowTests {
  private let group = makeTestGroup()

  private func makePeer(_ member: MemberID, peers: MemberSet, state: TemporaryDirectory? = nil) throws -> MulticastPeer
  {
    var configuration = MulticastPeer.Configuration(
      member: member, peers: peers, group: group, suite: .wdmNullSHA256, interface: loopback,
      state: state.map { StateDirectory(path: $0.path) })
    if state == nil { configuration.epoch = .first }
    configuration.timeToLive = 0
    return try MulticastPeer(configuration, keys: KeyRing(GroupSecret(text: Vectors.shared.secret)))
  }

  /// Sends a message of a member, and returns true if a peer receives it before one of member 1.
  private func isHeard(_ sender: MulticastPeer, _ other: MulticastPeer, by peer: MulticastPeer) async throws -> Bool {
    try sender.send("one")
    try other.send("a mark")
    var messages = peer.messages.makeAsyncIterator()
    let first = try #require(await messages.next())
    if first.sender == other.configuration.member { return false }
    #expect(await messages.next()?.sender == other.configuration.member)
    return true
  }

  @Test("a member is heard as soon as it is followed, and no longer when it is not")
  func change() async throws {
    let peer = try makePeer(0, peers: MemberSet(0...1))
    let (other, newcomer) = (try makePeer(1, peers: MemberSet(0...9)), try makePeer(7, peers: MemberSet(0...9)))
    #expect(try await !isHeard(newcomer, other, by: peer))
    try await eventually("the count") { peer.statistics.rejected[.unknownMember] == 1 }
    for _ in 0..<3 {
      peer.follow(MemberSet([0, 1, 7]))
      #expect(peer.peers == MemberSet([0, 1, 7]))
      // The thread follows after its batch.
      try await eventually("member 7 to be heard") {
        try newcomer.send("again")
        return peer.statistics.members[7]?.received ?? 0 > 0
      }
      try await drain(peer, newcomer, other)
      #expect(try await isHeard(newcomer, other, by: peer))
      peer.follow(MemberSet(0...1))
      let before = peer.statistics.rejected[.unknownMember] ?? 0
      try await eventually("member 7 to be unknown") {
        try newcomer.send("again")
        return peer.statistics.rejected[.unknownMember] ?? 0 > before
      }
      try await drain(peer, newcomer, other)
      #expect(try await !isHeard(newcomer, other, by: peer))
    }
    for peer in [peer, other, newcomer] { await peer.stop() }
  }

  /// Reads the messages of a peer up to a new one of a member.
  private func drain(_ peer: MulticastPeer, _ newcomer: MulticastPeer, _ other: MulticastPeer) async throws {
    try other.send("the end")
    for await message in peer.messages where String(decoding: message.payload, as: UTF8.self) == "the end" { return }
  }

  @Test("nothing that was accepted is accepted again of a member that comes back, also after a restart between")
  func replay() async throws {
    let state = TemporaryDirectory()
    let keys = RecordKeys.ofVectors(.wdmNullSHA256)
    let records = (0..<3 as Range<UInt64>).map {
      IndependentRecord(member: 7, sequence: $0, epoch: 5, text: "\($0)").sealed(keys)
    }
    let wire = try Wire(group)
    func count(_ peer: MulticastPeer) -> Int { peer.statistics.members[7]?.received ?? 0 }
    var peer = try makePeer(0, peers: MemberSet([0, 7]), state: state)
    for record in records { try wire.send(record) }
    try await eventually("three messages") { count(peer) == 3 }
    for _ in 0..<2 {
      peer.follow(MemberSet([0, 1]))
      peer.follow(MemberSet([0, 7]))
      for record in records { try wire.send(record) }
    }
    try await eventually("the replays") { peer.statistics.rejected[.replayed] ?? 0 == 6 }
    #expect(count(peer) == 3)
    peer.follow(MemberSet([0, 1]))
    await peer.stop()

    peer = try makePeer(0, peers: MemberSet([0, 1]), state: state)
    peer.follow(MemberSet([0, 1, 7]))
    for record in records { try wire.send(record) }
    try wire.send(IndependentRecord(member: 7, sequence: 3, epoch: 5, text: "3").sealed(keys))
    try await eventually("the new message") { count(peer) == 1 }
    #expect(peer.statistics.rejected[.replayed] ?? 0 == 3)
    await peer.stop()
  }

  @Test("a peer that works ticks each second, and one whose handler hangs does not")
  func ticks() async throws {
    let hanging = Flag()
    var configuration = MulticastPeer.Configuration(
      member: 0, peers: MemberSet(0...1), group: group, suite: .wdmNullSHA256, interface: loopback, state: nil)
    (configuration.epoch, configuration.timeToLive) = (.first, 0)
    let peer = try MulticastPeer(configuration, keys: KeyRing(GroupSecret(text: Vectors.shared.secret))) { _, _, _ in
      while !hanging.isSet { usleep(1000) }
      return true
    }
    let start = ContinuousClock.now
    while .now - start < .seconds(3) {
      #expect(peer.timeSinceTick < .seconds(Sanitizer.isOn ? 20 : 3))
      try await Task.sleep(for: .milliseconds(50))
    }
    let other = try makePeer(1, peers: MemberSet(0...1))
    try other.send("hang")
    try await eventually("the thread to hang") { peer.timeSinceTick > .seconds(4) }
    hanging.set()
    try await eventually("the thread to go on") { peer.timeSinceTick < .seconds(2) }
    for peer in [peer, other] { await peer.stop() }
  }
}
