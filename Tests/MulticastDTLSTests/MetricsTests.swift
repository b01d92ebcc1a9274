import Glibc
import Metrics
import MetricsTestKit
import SystemPackage
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("The metrics of a peer")
struct MetricsTests {
  private let group = makeTestGroup()
  private let keys = RecordKeys.ofVectors(.wdmNullSHA256)

  private func counter(_ name: String, _ dimensions: [(String, String)], _ metrics: TestMetrics) -> Int64 {
    (try? metrics.expectCounter("multicast_dtls_\(name)", dimensions).totalValue) ?? -1
  }

  private func gauge(_ name: String, _ dimensions: [(String, String)], _ metrics: TestMetrics) -> Double? {
    try? metrics.expectGauge("multicast_dtls_\(name)", dimensions).lastValue
  }

  @Test("at the end they have all that was sent, received, lost and rejected, by member and by reason")
  func atTheEnd() async throws {
    let metrics = TestMetrics()
    var configuration = MulticastPeer.Configuration(
      member: 0, peers: MemberSet(0...2), group: group, suite: .wdmNullSHA256, interface: loopback, state: nil)
    configuration.epoch = .first
    configuration.timeToLive = 0
    let secret = try GroupSecret(text: Vectors.shared.secret)
    let peer = try MulticastPeer(
      configuration, keys: KeyRing(secret), logger: RecordedLog().logger, metrics: metrics)
    let wire = try Wire(group)
    for sequence in [0, 1, 4, 5, 3] as [UInt64] {
      try wire.send(IndependentRecord(member: 1, sequence: sequence, text: "\(sequence)").sealed(keys))
    }
    try wire.send(IndependentRecord(member: 1, sequence: 5, text: "5").sealed(keys))
    try wire.send(Array("something else".utf8))
    try peer.send("alone")
    #expect(try peer.send([[1], [2], [3]]).count == 3)
    try await eventually("all to be counted") {
      peer.statistics.received == 5 && peer.statistics.rejected == [.replayed: 1, .foreign: 1]
    }
    await peer.stop()
    #expect(counter("sent", [], metrics) == 4)
    #expect(counter("received", [("member", "1")], metrics) == 5)
    #expect(try metrics.expectGauge("multicast_dtls_lost", [("member", "1")]).lastValue == 1)
    #expect(counter("rejected", [("reason", "replayed")], metrics) == 1)
    #expect(counter("rejected", [("reason", "foreign")], metrics) == 1)
    #expect(try metrics.expectGauge("multicast_dtls_members_heard").lastValue == 1)
    #expect(counter("member_rejected", [("member", "1"), ("reason", "replayed")], metrics) == 1)
    #expect(gauge("member_up", [("member", "1")], metrics) == 1)
    let heard = try #require(gauge("member_last_heard_timestamp_seconds", [("member", "1")], metrics))
    #expect(abs(heard - Double(time(nil))) < 60)
    #expect(gauge("epoch", [], metrics) == 1)
    #expect(gauge("interface_up", [("interface", "lo")], metrics) == 1)
    // A reason that has not occurred, and a member that was not heard, are there and 0.
    #expect(counter("rejected", [("reason", "forged")], metrics) == 0)
    #expect(counter("kernel_drops", [], metrics) == 0)
    #expect(counter("received", [("member", "2")], metrics) == 0)
    #expect(gauge("member_up", [("member", "2")], metrics) == 0)
    #expect(gauge("member_last_heard_timestamp_seconds", [("member", "2")], metrics) == 0)
  }

  @Test("all metrics are there when the peer is made, also those of the members that were not heard")
  func fromTheStart() throws {
    let metrics = TestMetrics()
    var configuration = MulticastPeer.Configuration(
      member: 0, peers: MemberSet(0...2), group: group, suite: .wdmNullSHA256, interface: loopback, state: nil)
    configuration.epoch = try Epoch(7)
    let secret = try GroupSecret(text: Vectors.shared.secret)
    let peer = try MulticastPeer(
      configuration, keys: KeyRing(secret), logger: RecordedLog().logger, metrics: metrics)
    // Read at once: the receive thread records a second later.
    #expect(gauge("epoch", [], metrics) == 7)
    #expect(gauge("key_sends", [("key_id", "\(peer.keyIDs[0])")], metrics) == 1)
    for member in ["1", "2"] {
      #expect(counter("received", [("member", member)], metrics) == 0)
      #expect(gauge("member_up", [("member", member)], metrics) == 0)
    }
    #expect(counter("received", [("member", "0")], metrics) == -1)
    for name in ["start", "recorded", "secret_since"] {
      let time = try #require(gauge("\(name)_timestamp_seconds", [], metrics))
      #expect(abs(time - Double(Glibc.time(nil))) < 60, "\(name)")
    }
    peer.stop()
  }

  @Test("the time since which a member has its secret survives a restart, and differs by secret")
  func heldSince() throws {
    let directory = TemporaryDirectory()
    func since(_ keyID: KeyID) throws -> Int {
      let keeper = try StateKeeper(
        directory: StateDirectory(path: FilePath(directory.path)), beginning: .next,
        identity: .init(keyID: keyID, member: 0, isEncrypting: false), report: { _ in })
      defer { keeper.finish() }
      _ = try keeper.reserveEpoch()
      return keeper.heldSince
    }
    let first = try since(KeyID("9ab7-6d2d"))
    // The birth has whole seconds.
    let second = time(nil)
    while time(nil) < second + 2 { usleep(50_000) }
    #expect(try since(KeyID("9ab7-6d2d")) == first)
    #expect(try since(KeyID("9ab7-6d2e")) > first)
  }

  @Test("a counter grows by what was added since the last recording, and a gauge has the present value")
  func deltas() throws {
    let test = TestMetrics()
    let metrics = PeerMetrics(test)
    let local = LocalMember(member: 0, peers: MemberSet(0...255), keyIDs: [], isEncrypted: false)
    var statistics = Statistics()
    let record = ReceivedRecord(count: 0, keyID: KeyID([1, 2, 3, 4]), lost: 3, isLate: false)
    let origin = Message.Origin(sender: 7, epoch: .first, sequence: 3, source: endpoint())
    statistics.count(ReceivedRun(record, origin, isDelivered: true), now: .now)
    statistics.count(.forged, of: 7, times: 5)
    metrics.record(statistics, of: local, .init(sent: 10))
    metrics.record(statistics, of: local, .init(sent: 10))
    let late = ReceivedRecord(count: 0, keyID: KeyID([1, 2, 3, 4]), lost: -1, isLate: true)
    statistics.count(ReceivedRun(late, origin, isDelivered: true), now: .now)
    statistics.count(.forged, of: nil, times: 2)
    metrics.record(statistics, of: local, .init(sent: 12))
    #expect(counter("sent", [], test) == 12)
    #expect(counter("received", [("member", "7")], test) == 2)
    #expect(counter("rejected", [("reason", "forged")], test) == 7)
    #expect(counter("member_rejected", [("member", "7"), ("reason", "forged")], test) == 5)
    #expect(try test.expectGauge("multicast_dtls_lost", [("member", "7")]).lastValue == 2)
  }

  @Test("a member that only forged records name adds no metrics, and all its figures are there once it is heard")
  func named() {
    let test = TestMetrics()
    let metrics = PeerMetrics(test)
    let local = LocalMember(member: 0, peers: MemberSet(0...255), keyIDs: [], isEncrypted: false)
    var statistics = Statistics()
    for member in 1...255 as ClosedRange<UInt8> { statistics.count(.forged, of: MemberID(rawValue: member)) }
    metrics.record(statistics, of: local, .init())
    #expect(test.counters.count { $0.dimensions.contains { $0.0 == "member" } } == 0)
    statistics.count(run(of: 7), now: .now)
    metrics.record(statistics, of: local, .init())
    #expect(counter("member_rejected", [("member", "7"), ("reason", "forged")], test) == 1)
    #expect(counter("received", [("member", "7")], test) == 1)
    #expect(counter("received", [("member", "8")], test) == -1)
  }

  @Test("a silent member is not up, and the metrics follow the members, keys and interfaces that come and go")
  func changes() throws {
    let test = TestMetrics()
    let metrics = PeerMetrics(test)
    let (old, new) = (try KeyID("9ab7-6d2d"), try KeyID("9ab7-6d2e"))
    func record(_ statistics: Statistics, peers: ClosedRange<UInt8>, _ keys: [KeyID], _ interfaces: [String: Bool]) {
      let local = LocalMember(member: 0, peers: MemberSet(peers), keyIDs: keys, isEncrypted: false)
      metrics.record(statistics, of: local, .init(epoch: .first, interfaces: interfaces))
    }
    var statistics = Statistics()
    statistics.count(run(of: 1), now: .now)
    record(statistics, peers: 0...1, [old], ["eth0": true])
    #expect(gauge("member_up", [("member", "1")], test) == 1)
    statistics.fellSilent([1])
    record(statistics, peers: 0...2, [new, old], ["eth0": false, "eth1": true])
    #expect(gauge("member_up", [("member", "1")], test) == 0)
    #expect(gauge("member_last_heard_timestamp_seconds", [("member", "1")], test) != 0)
    #expect(gauge("member_up", [("member", "2")], test) == 0)
    #expect(gauge("members_heard", [], test) == 0)
    #expect([old, new].map { gauge("key_sends", [("key_id", "\($0)")], test) } == [0, 1])
    #expect(["eth0", "eth1"].map { gauge("interface_up", [("interface", $0)], test) } == [0, 1])
    record(statistics, peers: 2...2, [new], ["eth1": true])
    #expect(["1", "2"].map { gauge("member_up", [("member", $0)], test) } == [nil, 0])
    #expect(counter("received", [("member", "1")], test) == -1)
    #expect([old, new].map { gauge("key_sends", [("key_id", "\($0)")], test) } == [nil, 1])
    #expect(["eth0", "eth1"].map { gauge("interface_up", [("interface", $0)], test) } == [nil, 1])
  }

  /// One message of a member.
  private func run(of member: MemberID) -> ReceivedRun {
    let record = ReceivedRecord(count: 0, keyID: KeyID([1, 2, 3, 4]), lost: 0, isLate: false)
    return ReceivedRun(
      record, Message.Origin(sender: member, epoch: .first, sequence: 3, source: endpoint()), isDelivered: true)
  }
}
