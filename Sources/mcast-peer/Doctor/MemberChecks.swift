import Glibc
import Logging
import MulticastDTLS

/// The check on the other members: listens for a while, and reports the members heard, or the likely causes of silence.
struct MemberChecks {
  private let network: NetworkConfiguration
  private let interface: NetworkInterface
  private let isSelfHeard: Bool
  /// The members that a peer with these options expects. Any other may belong to another group.
  private let awaited: MemberSet
  private let interfaces: InterfaceChecks
  private let listening: Result<Listening, any Error>

  private struct Listening {
    let peer: MulticastPeer
    /// Counts arriving datagrams; nil if this process may not.
    let tap: GroupTap?
  }

  /// The kinds of events that explain a missing member.
  private static let rejections: [PeerEvent.Kind] = [
    .otherSecret, .otherSecretUnexpected, .otherSuite, .staleEpoch, .repeatedNumbers, .alternatingSources,
    .unknownMember, .unsigned, .noKey, .notBySender, .signed,
  ]

  /// The time between two looks if datagrams arrived and none reached the socket, and their number: two seconds in all.
  private static let pause = Duration.milliseconds(100)
  private static let looks = 20

  private static func hasReceived(_ peer: MulticastPeer) -> Bool {
    let statistics = peer.statistics
    return statistics.received > 0 || !statistics.rejected.isEmpty
  }

  private static let adviceAfterFailures = "correct the failures above, and try again"

  /// Begins to listen. Keeps keys derived from the secrets, not the secrets.
  ///
  /// - Parameters:
  ///   - ownID: The ID of this machine's member; nil if unknown.
  ///   - checks: The checks of the interfaces, a source of likely causes.
  ///   - isSelfHeard: True if the self-test succeeded. A failed one explains the silence.
  init(
    _ ring: KeyRing, _ network: NetworkConfiguration, ownID: MemberID?, on interfaces: [NetworkInterface],
    _ checks: InterfaceChecks, isSelfHeard: Bool
  ) {
    self.network = network
    interface = interfaces[0]
    self.isSelfHeard = isSelfHeard
    awaited =
      network.members.areGiven
      ? network.members.awaited(at: ownID) : NetworkConfiguration.peersOfPeer.expected(at: ownID)
    self.interfaces = checks
    listening = Result {
      // Opened before the socket, so that it counts every datagram that the socket could get. Not with --source, where
      // the socket rejects datagrams of other sources on purpose.
      let tap = network.sources.isEmpty ? GroupTap(network.group, on: interfaces[0]) : nil
      let peer = try MulticastPeer(
        network.peerConfiguration(nil, interfaces: interfaces), keys: ring,
        logger: Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() }, handler: { _, _, _ in true })
      // Datagrams from before the socket cannot have reached it.
      _ = tap?.count()
      return Listening(peer: peer, tap: tap)
    }
  }

  /// Listens for a time, and returns the findings.
  func findings(after time: Interval) async -> [Finding] {
    switch listening {
    case .success(let listening):
      return await findings(listening, after: time)
    case .failure(let error):
      return [
        isSelfHeard
          ? .failure("members", "\(error)", "see the checks above")
          : .warning("members", "cannot listen to the group", Self.adviceAfterFailures)
      ]
    }
  }

  private func findings(_ listening: Listening, after time: Interval) async -> [Finding] {
    try? await Task.sleep(for: time.duration)
    let arrived = listening.tap?.count()
    // On a busy machine, datagrams that have arrived may wait in the socket.
    var looks = 0
    while let arrived, arrived > 0, !Self.hasReceived(listening.peer), looks < Self.looks {
      looks += 1
      try? await Task.sleep(for: Self.pause)
    }
    await listening.peer.stop()
    let statistics = listening.peer.statistics
    let heard = statistics.members.filter { $0.value.received > 0 }.sorted { $0.key < $1.key }
    let events = await listening.peer.events.filter { Self.rejections.contains($0.kind) }
      .reduce(into: []) { $0.append($1) }
    var findings = rejections(events, EventContext(listening.peer, network.members), heard: MemberSet(heard.map(\.key)))
    let received = statistics.rejected.values.reduce(0, +)
    // Sent neither by a member nor by a doctor on this machine.
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
    // If this machine hears neither itself nor any member, absent members say nothing new.
    if isSelfHeard || !heard.isEmpty {
      let explained = events.reduce(into: MemberSet(heard.map(\.key))) { $0.formUnion($1.members) }
      findings += missing(MemberSet(awaited.filter { !explained.contains($0) }), after: time)
    }
    return findings
  }

  /// The finding on expected members that were not heard.
  private func missing(_ members: MemberSet, after time: Interval) -> [Finding] {
    if members.isEmpty { return [] }
    let isOne = members.count == 1
    let names = network.members.named(members)
    if network.members.areGiven {
      let origin = network.members.origin == .option ? "--peers" : network.members.place
      return [
        .failure(
          "members", "no message from \(names) (in \(origin)) in \(time) s",
          "check that \(isOne ? "it runs" : "they run"), also on this machine, and \(isOne ? "sends" : "send") in that "
            + "time (--wait)")
      ]
    }
    return [
      .warning(
        "members",
        "no message from \(names) (in the default --peers \(NetworkConfiguration.peersOfPeer)) in \(time) s",
        "check that \(isOne ? "it runs" : "they run"), or list the members of this group (--peers)")
    ]
  }

  private func describe(_ member: MemberID, _ counts: Statistics.Member) -> String {
    let parts = [
      counts.epoch.map { "epoch \($0)" }, counts.keyID.map { "key ID \($0)" },
      counts.isSigning ? "signed" : nil, counts.source.map { "from \($0)" },
    ]
    return "\(network.members.named(member)) (\(parts.compactMap { $0 }.joined(separator: ", ")))"
  }

  /// Findings on rejected messages: a failure if a member was not heard because of them, else a warning.
  private func rejections(_ events: [PeerEvent], _ context: EventContext, heard: MemberSet) -> [Finding] {
    events.map { event in
      let isMissed = event.members.contains { awaited.contains($0) && !heard.contains($0) }
      return Finding(
        verdict: isMissed || heard.isEmpty ? .failure : .warning, check: "members", text: event.text(context),
        remedy: .none)
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
      return Finding(
        verdict: .failure, check: "members",
        text: "\(arrived) datagrams for \(network.group) arrived on \(name) in \(time) s, and none reached the socket",
        remedy: .causes(causes))
    }
    return Finding(
      verdict: .warning, check: "members", text: "nobody was heard on \(name) in \(time) s", remedy: .causes(causes))
  }

  private func exists(_ path: String) -> Bool {
    unsafe access(path, F_OK) == 0
  }
}
