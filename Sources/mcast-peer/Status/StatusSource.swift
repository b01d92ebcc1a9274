import MulticastDTLS
import Synchronization

/// Observes a peer, and reports its members and figures at any time.
final class StatusSource: Sendable {
  private let peer: MulticastPeer
  private let members: CurrentMembers
  private let unusable: UnusableFiles
  private let sent: @Sendable () -> Int
  private let start = ContinuousClock.now
  private let observation: Mutex<Observation>

  /// The facts that the statistics alone do not tell.
  struct Observation {
    var table: MemberTable
    var rejections = RecentRejections()

    mutating func update(_ statistics: Statistics, _ members: Members, now: ContinuousClock.Instant) {
      table.changed(members)
      table.update(statistics, now: now)
      rejections.update(statistics)
    }
  }

  /// - Parameters:
  ///   - members: The members of the group: those that are not all 256 have a row even if not heard.
  ///   - sent: Returns the number of messages sent so far.
  init(
    _ peer: MulticastPeer, _ members: CurrentMembers, _ unusable: UnusableFiles = UnusableFiles(),
    sent: @escaping @Sendable () -> Int = { 0 }
  ) {
    (self.peer, self.members, self.unusable, self.sent) = (peer, members, unusable, sent)
    var observation = Observation(table: MemberTable(members: members.value, own: peer.configuration.member))
    observation.update(peer.statistics, members.value, now: start)
    self.observation = Mutex(observation)
  }

  /// Records a restart, if the event reports one.
  func reported(_ event: PeerEvent) {
    observation.withLock { $0.table.reported(event, now: .now) }
  }

  /// Records the current statistics. Call it about once a second.
  func update() {
    let (statistics, members) = (peer.statistics, members.value)
    observation.withLock { $0.update(statistics, members, now: .now) }
  }

  /// The report of now.
  var report: StatusReport {
    let (statistics, now) = (peer.statistics, ContinuousClock.now)
    // A copy, so that frequent reports do not fill the table with samples.
    var observation = observation.withLock { $0 }
    let members = members.value
    observation.update(statistics, members, now: now)
    let configuration = peer.configuration
    return StatusReport(
      peer: configuration.member.map { .init(member: $0, epoch: peer.epoch, sent: sent()) },
      group: configuration.group.description, interfaces: peer.interfaces.map(\.name), suite: configuration.suite,
      isSigned: peer.isSigned, keyIDs: peer.keyIDs, time: now - start, received: statistics.received,
      lost: statistics.lost, rejected: statistics.rejected,
      droppedByKernel: statistics.droppedByKernel, batchesDroppedByKernel: statistics.batchesDroppedByKernel,
      unusableFiles: unusable.value,
      members: StatusReport.Member.all(
        statistics, observation, members, own: configuration.member, suite: configuration.suite))
  }
}
