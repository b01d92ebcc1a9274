import Metrics
import MetricsTestKit
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
    // A reason that has not occurred is there, and 0; a member that was not heard is not.
    #expect(counter("rejected", [("reason", "forged")], metrics) == 0)
    #expect(counter("kernel_drops", [], metrics) == 0)
    #expect(counter("received", [("member", "2")], metrics) == -1)
  }

  @Test("a counter grows by what was added since the last recording, and a gauge has the present value")
  func deltas() throws {
    let test = TestMetrics()
    let metrics = PeerMetrics(test)
    var statistics = Statistics()
    let record = ReceivedRecord(count: 0, keyID: KeyID([1, 2, 3, 4]), lost: 3, isLate: false)
    let origin = Message.Origin(sender: 7, epoch: .first, sequence: 3, source: endpoint())
    statistics.count(ReceivedRun(record, origin, isDelivered: true), now: .now)
    statistics.count(.forged, of: 7, times: 5)
    metrics.record(statistics, sent: 10)
    metrics.record(statistics, sent: 10)
    let late = ReceivedRecord(count: 0, keyID: KeyID([1, 2, 3, 4]), lost: -1, isLate: true)
    statistics.count(ReceivedRun(late, origin, isDelivered: true), now: .now)
    statistics.count(.forged, of: nil, times: 2)
    metrics.record(statistics, sent: 12)
    #expect(counter("sent", [], test) == 12)
    #expect(counter("received", [("member", "7")], test) == 2)
    #expect(counter("rejected", [("reason", "forged")], test) == 7)
    #expect(try test.expectGauge("multicast_dtls_lost", [("member", "7")]).lastValue == 2)
  }
}
