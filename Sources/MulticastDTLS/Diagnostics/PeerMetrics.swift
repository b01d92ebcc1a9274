import Metrics

/// The metrics of a peer, from its statistics: counters grow by what was added since the last recording.
///
/// | name | dimensions | value |
/// |---|---|---|
/// | `multicast_dtls_sent` | | messages that the network took |
/// | `multicast_dtls_received` | `member` | messages accepted and delivered |
/// | `multicast_dtls_lost` | `member` | messages that are missing; a gauge, since a late arrival is subtracted again |
/// | `multicast_dtls_rejected` | `reason` | rejected datagrams; `overrun` among them |
/// | `multicast_dtls_kernel_drops` | | datagrams that the kernel dropped, estimated |
/// | `multicast_dtls_members_heard` | | members heard and not silent |
///
/// Confined to the receive thread.
final class PeerMetrics {
  private let factory: any MetricsFactory
  private let sent: Counter
  private let kernelDrops: Counter
  private let membersHeard: Gauge
  private var received: [MemberID: Counter] = [:]
  private var lost: [MemberID: Gauge] = [:]
  private let rejected: [RejectionReason: Counter]
  private var last = Statistics.none
  private var lastSent = 0

  init(_ factory: any MetricsFactory) {
    self.factory = factory
    sent = Counter(label: "multicast_dtls_sent", dimensions: [], factory: factory)
    kernelDrops = Counter(label: "multicast_dtls_kernel_drops", dimensions: [], factory: factory)
    membersHeard = Gauge(label: "multicast_dtls_members_heard", dimensions: [], factory: factory)
    // All reasons are there from the start, so that their absence is no news.
    rejected = Dictionary(
      uniqueKeysWithValues: RejectionReason.allCases.map { reason in
        let dimensions = [("reason", reason.rawValue)]
        return (reason, Counter(label: "multicast_dtls_rejected", dimensions: dimensions, factory: factory))
      })
  }

  /// Records the statistics of now.
  ///
  /// - Parameter sent: The messages sent so far.
  func record(_ statistics: Statistics, sent: Int) {
    self.sent.increment(by: sent - lastSent)
    lastSent = sent
    kernelDrops.increment(by: max(0, statistics.droppedByKernel - last.droppedByKernel))
    membersHeard.record(statistics.members.values.count { $0.epoch != nil && !$0.isSilent })
    for (reason, counter) in rejected {
      counter.increment(by: (statistics.rejected[reason] ?? 0) - (last.rejected[reason] ?? 0))
    }
    for (member, figures) in statistics.members where figures.epoch != nil {
      let former = last.members[member] ?? .unheard
      counter(of: member).increment(by: figures.received - former.received)
      gauge(of: member).record(figures.lost)
    }
    last = statistics
  }

  private func counter(of member: MemberID) -> Counter {
    if let counter = received[member] { return counter }
    let counter = Counter(
      label: "multicast_dtls_received", dimensions: [("member", "\(member)")], factory: factory)
    received[member] = counter
    return counter
  }

  private func gauge(of member: MemberID) -> Gauge {
    if let gauge = lost[member] { return gauge }
    let gauge = Gauge(label: "multicast_dtls_lost", dimensions: [("member", "\(member)")], factory: factory)
    lost[member] = gauge
    return gauge
  }
}
