import Metrics

/// The metrics of a peer, from its statistics: counters grow by what was added since the last recording.
///
/// | name | dimension | value |
/// |---|---|---|
/// | `multicast_dtls_sent` | | counter of messages that the network took |
/// | `multicast_dtls_rejected` | `reason` | counter of rejected datagrams; `overrun` among them |
/// | `multicast_dtls_kernel_drops` | | counter of datagrams that the kernel dropped, estimated |
/// | `multicast_dtls_members_heard` | | members heard and not silent |
/// | `multicast_dtls_epoch` | | the epoch that this member sends in; 0 if it only listens |
/// | `multicast_dtls_key_sends` | `key_id` | 1 for the secret that this member sends with, 0 for one that it accepts |
/// | `multicast_dtls_secret_since_timestamp_seconds` | | see ``StateKeeper/heldSince`` |
/// | `multicast_dtls_interface_up` | `interface` | 1 if the group is joined there, and packets can pass |
/// | `multicast_dtls_start_timestamp_seconds` | | the start of the peer |
/// | `multicast_dtls_recorded_timestamp_seconds` | | the time of this recording |
///
/// Timestamps are seconds since 1970. ``MemberMetrics`` has the metrics with the dimension `member`: of each awaited
/// member from the start, and of each other one once it was heard.
///
/// Confined to one thread at a time.
final class PeerMetrics {
  /// The facts about this member, besides the statistics.
  struct Facts {
    /// The messages sent so far.
    var sent = 0
    /// The epoch that this member sends in; nil if it only listens.
    var epoch: Epoch?
    /// The time since which this member has its first secret, in seconds since 1970.
    var secretSince = 0
    /// The names of the interfaces, and if each is ready.
    var interfaces: [String: Bool] = [:]
  }

  private let factory: any MetricsFactory
  private let start = BootInstant.now
  private let sent: Counter
  private let kernelDrops: Counter
  private let rejected: [RejectionReason: Counter]
  private let membersHeard: Gauge
  private let epoch: Gauge
  private let secretSince: Gauge
  private let startTime: Gauge
  private let recordedTime: Gauge
  private var keys: ChangingGauges<KeyID>
  private var interfaces: ChangingGauges<String>
  private var members: [MemberID: MemberMetrics] = [:]
  private var last = Statistics.none
  private var lastSent = 0

  init(_ factory: any MetricsFactory) {
    func counter(_ name: String, _ dimensions: [(String, String)] = []) -> Counter {
      Counter(label: "multicast_dtls_\(name)", dimensions: dimensions, factory: factory)
    }
    func gauge(_ name: String) -> Gauge {
      Gauge(label: "multicast_dtls_\(name)", dimensions: [], factory: factory)
    }
    self.factory = factory
    sent = counter("sent")
    kernelDrops = counter("kernel_drops")
    // All reasons are there from the start, so that their absence is no news.
    rejected = Dictionary(
      uniqueKeysWithValues: RejectionReason.allCases.map { ($0, counter("rejected", [("reason", $0.rawValue)])) })
    membersHeard = gauge("members_heard")
    epoch = gauge("epoch")
    secretSince = gauge("secret_since_timestamp_seconds")
    startTime = gauge("start_timestamp_seconds")
    recordedTime = gauge("recorded_timestamp_seconds")
    keys = ChangingGauges("multicast_dtls_key_sends", "key_id", factory)
    interfaces = ChangingGauges("multicast_dtls_interface_up", "interface", factory)
  }

  /// Records the statistics and the facts of now.
  ///
  /// - Parameter local: This member: its keys, and the members that it awaits now.
  func record(_ statistics: Statistics, of local: LocalMember, _ facts: Facts) {
    sent.increment(by: facts.sent - lastSent)
    lastSent = facts.sent
    kernelDrops.increment(by: max(0, statistics.droppedByKernel - last.droppedByKernel))
    for (reason, counter) in rejected {
      counter.increment(by: (statistics.rejected[reason] ?? 0) - (last.rejected[reason] ?? 0))
    }
    last = statistics
    epoch.record(facts.epoch?.rawValue ?? 0)
    let sendingKey = facts.epoch == nil ? nil : local.sendingKey
    keys.record(Dictionary(uniqueKeysWithValues: local.keyIDs.map { ($0, $0 == sendingKey) }))
    secretSince.record(facts.secretSince)
    interfaces.record(facts.interfaces)
    recordMembers(statistics, of: local)
    // Again each time, since the clock may have been set meanwhile.
    startTime.record(start.unixTime)
    recordedTime.record(BootInstant.now.unixTime)
  }

  private func recordMembers(_ statistics: Statistics, of local: LocalMember) {
    // A stranger can name any member in a forged record, so a member that was not heard does not add series.
    let heard = local.others.filter { statistics.members[$0]?.epoch != nil }
    let shown = local.awaited.union(MemberSet(heard))
    for (member, metrics) in members where !shown.contains(member) {
      metrics.destroy()
      members[member] = nil
    }
    for member in shown {
      let metrics = members[member] ?? MemberMetrics(of: member, factory)
      members[member] = metrics
      metrics.record(statistics.members[member] ?? .unheard)
    }
    membersHeard.record(heard.count { statistics.members[$0]?.isUp == true })
  }
}
