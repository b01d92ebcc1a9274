import MulticastDTLS
import TestSupport
import Testing

@testable import MulticastDTLS
@testable import mcast_peer

@Suite("Names in metrics")
struct NameMetricsTests {
  @Test("each name of the roster is a series, and changes with the roster")
  func names() throws {
    let metrics = PrometheusMetrics(labels: [("peer", "0")], help: [:])
    let names = NameMetrics(metrics)
    func series(_ roster: String) throws -> [String] {
      names.record(Members(roster: try Roster(roster, origin: "the roster"), origin: .standard))
      return metrics.text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
    }
    func line(_ member: Int, _ name: String) -> String {
      "multicast_dtls_member_info{member=\"\(member)\",name=\"\(name)\",peer=\"0\"} 1"
    }
    #expect(try series("0 a\n1 b\n2") == [line(0, "a"), line(1, "b")])
    #expect(try series("0 a\n1 c\n2 d") == [line(0, "a"), line(1, "c"), line(2, "d")])
    #expect(try series("0\n1 a") == [line(1, "a")])
    #expect(try series("0") == [])
  }
}
