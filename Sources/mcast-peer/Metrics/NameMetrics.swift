import Metrics
import MulticastDTLS
import Synchronization

/// The names of the roster as metrics, since the library knows members by their IDs only.
final class NameMetrics: Sendable {
  private let factory: PrometheusMetrics
  private let gauges = Mutex<[MemberID: (name: String, gauge: Gauge)]>([:])

  init(_ factory: PrometheusMetrics) {
    self.factory = factory
  }

  /// Records the names of now; former ones go.
  func record(_ members: Members) {
    gauges.withLock { gauges in
      for (member, former) in gauges where members.roster.name(of: member) != former.name {
        former.gauge.destroy()
        gauges[member] = nil
      }
      for member in members.all where gauges[member] == nil {
        guard let name = members.roster.name(of: member) else { continue }
        let gauge = Gauge(
          label: "multicast_dtls_member_info", dimensions: [("member", "\(member)"), ("name", name)], factory: factory)
        gauge.record(1)
        gauges[member] = (name, gauge)
      }
    }
  }
}
