import Metrics

/// The metrics of one other member. Each has the dimension `member`.
///
/// | name | dimension | value |
/// |---|---|---|
/// | `multicast_dtls_received` | | counter of messages accepted and delivered |
/// | `multicast_dtls_lost` | | missing messages; a gauge, since a late arrival is subtracted again |
/// | `multicast_dtls_member_rejected` | `reason` | counter of rejected datagrams that name the member |
/// | `multicast_dtls_member_up` | | 1 if it is heard, 0 if it is silent or was not heard |
/// | `multicast_dtls_member_last_heard_timestamp_seconds` | | the time of its last message; 0 if it was not heard |
///
/// Confined to one thread at a time.
final class MemberMetrics {
  /// The reasons for which a record in the name of a followed member is rejected.
  private static let reasons: [RejectionReason] = [
    .staleEpoch, .replayed, .otherSuite, .forged, .unsigned, .noKey, .notBySender, .unverified, .overrun,
  ]

  private let received: Counter
  private let rejected: [(reason: RejectionReason, counter: Counter)]
  private let lost: Gauge
  private let up: Gauge
  private let lastHeard: Gauge
  private var last = Statistics.Member.unheard

  init(of member: MemberID, _ factory: any MetricsFactory) {
    let dimension = ("member", "\(member)")
    func counter(_ name: String, _ dimensions: [(String, String)]) -> Counter {
      Counter(label: "multicast_dtls_\(name)", dimensions: dimensions, factory: factory)
    }
    func gauge(_ name: String) -> Gauge {
      Gauge(label: "multicast_dtls_\(name)", dimensions: [dimension], factory: factory)
    }
    received = counter("received", [dimension])
    rejected = Self.reasons.map { ($0, counter("member_rejected", [dimension, ("reason", $0.rawValue)])) }
    lost = gauge("lost")
    up = gauge("member_up")
    lastHeard = gauge("member_last_heard_timestamp_seconds")
  }

  /// Records the figures of now.
  func record(_ figures: Statistics.Member) {
    received.increment(by: figures.received - last.received)
    for (reason, counter) in rejected {
      counter.increment(by: (figures.rejected[reason] ?? 0) - (last.rejected[reason] ?? 0))
    }
    lost.record(figures.lost)
    up.record(figures.isUp ? 1 : 0)
    lastHeard.record(figures.lastHeard?.unixTime ?? 0)
    last = figures
  }

  /// Removes the metrics, since the member is no longer followed.
  func destroy() {
    received.destroy()
    for (_, counter) in rejected { counter.destroy() }
    for gauge in [lost, up, lastHeard] { gauge.destroy() }
  }
}
