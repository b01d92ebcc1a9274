import Glibc
import Logging
import MulticastDTLS
import Synchronization

/// The check of who else is in the group: listens for a while, and says who is heard, and if nobody is, why that may be.
struct MemberChecks {
  private let network: NetworkConfiguration
  private let interface: NetworkInterface
  private let isSelfHeard: Bool
  /// The members that a peer with these options would wait for; others may be another group's.
  private let awaited: MemberSet
  private let interfaces: InterfaceChecks
  private let listening: Result<Listening, any Error>

  private struct Listening {
    let peer: MulticastPeer
    /// Nil where this process may not count what arrives.
    let tap: GroupTap?
    let notices: Notices
  }

  private final class Notices: Sendable {
    let all = Mutex<[NoticeReport]>([])
  }

  /// The causes of notices that tell why a member is not heard.
  private static let refusals = [
    "forged", "forgedOther", "otherSuite", "staleEpoch", "repeating", "alternating", "unknownMember",
  ]

  private static let adviceAfterFailures = "mend the failures above, and try again"

  /// Begins to listen. It keeps the keys that are derived from the secrets, and not these themselves.
  ///
  /// - Parameters:
  ///   - ownID: The ID of this machine's node, if the settings name it.
  ///   - checks: The checks of the interfaces, by which others are named where nobody is heard.
  ///   - isSelfHeard: Whether this machine hears itself; if not, that comes first.
  init(
    _ ring: KeyRing, _ network: NetworkConfiguration, ownID: MemberID?, on interfaces: [NetworkInterface],
    _ checks: InterfaceChecks, isSelfHeard: Bool
  ) {
    (self.network, interface, self.isSelfHeard) = (network, interfaces[0], isSelfHeard)
    awaited = (network.namesPeers ? network.peers : NetworkConfiguration.peersOfPeer).awaited(at: ownID)
    self.interfaces = checks
    listening = Result {
      let notices = Notices()
      // Opened before the socket, so that it sees all that the socket could.
      // With --source, what does not reach the socket may well be what is not to.
      let tap = network.sources.isEmpty ? GroupTap(network.group, on: interfaces[0]) : nil
      let peer = try MulticastPeer(
        network.peerConfiguration(nil, interfaces: interfaces), keys: ring,
        logger: Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() },
        onNotice: { notice in notices.all.withLock { $0.append(notice) } }, onFailure: {}, handler: { _, _, _ in true })
      return Listening(peer: peer, tap: tap, notices: notices)
    }
  }

  /// What is found in some time.
  func findings(after time: Interval) async -> [Finding] {
    switch listening {
    case .success(let listening):
      return await findings(listening, after: time)
    case .failure(let error):
      return [
        isSelfHeard
          ? .failure("members", "\(error)", "see the checks above")
          : .warning("members", "the group cannot be listened to", Self.adviceAfterFailures)
      ]
    }
  }

  private func findings(_ listening: Listening, after time: Interval) async -> [Finding] {
    try? await Task.sleep(for: time.duration)
    let arrived = listening.tap?.count()
    await listening.peer.stop()
    let statistics = listening.peer.statistics
    let heard = statistics.members.filter { $0.value.received > 0 }.sorted { $0.key < $1.key }
    let notices = listening.notices.all.withLock { $0 }.filter { Self.refusals.contains($0.cause) }
    var findings = refusals(notices, heard: Set(heard.map(\.key)))
    let received = statistics.rejected.values.reduce(0, +)
    // Neither a member's nor of this machine's own doctors.
    let strange = [.foreign, .malformed].compactMap { statistics.rejected[$0] }.reduce(0, +)
    if !heard.isEmpty {
      findings.append(
        .ok("members", "heard \(heard.map { describe($0.key, $0.value) }.joined(separator: ", "))"))
    } else if findings.isEmpty, !isSelfHeard {
      findings.append(
        .warning("members", "nobody was heard on \(interface.name)", Self.adviceAfterFailures))
    } else if findings.isEmpty {
      findings.append(nobody(listening.peer.keyIDs, arrived: arrived, received: received, strange: strange, for: time))
    }
    // Where this machine does not even hear itself, nobody is missed.
    if isSelfHeard || !heard.isEmpty {
      let explained = Set(heard.map(\.key)).union(notices.flatMap(\.members.members))
      findings += missing(MemberSet(awaited.members.filter { !explained.contains($0) }), after: time)
    }
    return findings
  }

  /// The members that should be there, and of whom nothing has come.
  private func missing(_ members: MemberSet, after time: Interval) -> [Finding] {
    if members.members.isEmpty { return [] }
    let isOne = members.members.count == 1
    if network.namesPeers {
      return [
        .failure(
          "members", "\(members.named), of --peers, \(isOne ? "was" : "were") not heard in \(time) s",
          "see that \(isOne ? "it runs" : "they run"), also on this machine, and that \(isOne ? "it sends" : "they send") "
            + "as often (--wait)")
      ]
    }
    return [
      .warning(
        "members",
        "\(members.named), of the members \(NetworkConfiguration.peersOfPeer) by default, \(isOne ? "was" : "were") not heard in "
          + "\(time) s",
        "if that is not as it should be, see that \(isOne ? "it runs" : "they run"); else name the members (--peers)")
    ]
  }

  private func describe(_ member: MemberID, _ counts: Statistics.Member) -> String {
    let parts = [
      counts.epoch.map { "epoch \($0)" }, counts.keyID.map { "key ID \($0)" }, counts.source.map { "from \($0)" },
    ]
    return "node \(member) (\(parts.compactMap { $0 }.joined(separator: ", ")))"
  }

  /// What was refused of a member is why it is not heard; it is no more than odd, if the member is heard all the same.
  private func refusals(_ notices: [NoticeReport], heard: Set<MemberID>) -> [Finding] {
    notices.map { notice in
      let isMissed = notice.members.members.contains { awaited.contains($0) && !heard.contains($0) }
      return Finding(
        verdict: isMissed || heard.isEmpty ? .failure : .warning, check: "members", text: notice.text, advice: nil)
    }
  }

  private func nobody(_ keyIDs: [KeyID], arrived: Int?, received: Int, strange: Int, for time: Interval) -> Finding {
    let name = interface.name
    let facts = LikelyCauses.Facts(
      group: network.group, interface: name, keyIDs: keyIDs.map(\.description), ttl: network.ttl, arrived: arrived,
      received: received, strange: strange,
      isWireless: exists("/sys/class/net/\(name)/wireless"),
      isVirtual: exists("/sys/class/net/\(name)/bridge"),
      isContainer: exists("/.dockerenv") || exists("/run/.containerenv"), others: interfaces.others,
      isDoubtful: !network.namesInterface
        || interfaces.all.contains { $0.name == name && $0.isPointToPoint })
    let causes = LikelyCauses(facts: facts).causes
    if let arrived, arrived > 0, received == 0 {
      return .failure(
        "members",
        "\(arrived) datagrams for \(network.group) came in by \(name) in \(time) s, and none reached the socket",
        causes.joined(separator: "; "))
    }
    let list =
      causes.count == 1
      ? "likely, \(causes[0])"
      : "likely, in this order: " + causes.enumerated().map { "(\($0 + 1)) \($1)" }.joined(separator: "; ")
    return .warning("members", "nobody was heard on \(name) in \(time) s", list)
  }

  private func exists(_ path: String) -> Bool {
    unsafe access(path, F_OK) == 0
  }
}
