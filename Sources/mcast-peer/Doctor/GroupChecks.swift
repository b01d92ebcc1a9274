import Glibc
import Logging
import MulticastDTLS
import Synchronization

/// The checks of the group itself: whether this machine hears itself, and who else is there.
struct GroupChecks {
  let network: NetworkOptions
  let interfaces: [NetworkInterface]

  /// Sends to the group and listens, without leaving this machine.
  func selfTest() -> Finding {
    let name = interfaces[0].name
    let advice =
      "look at 'nft list ruleset' and 'iptables -S', and allow UDP port \(network.group.port) to \(network.group.address)"
    do {
      return try LoopTest.run(network.group, on: interfaces[0], within: .seconds(1))
        ? .ok("self-test", "what is sent to \(network.group) on \(name) is heard on this machine")
        : .failure(
          "self-test", "what is sent to \(network.group) on \(name) is not heard on this machine: a firewall drops it",
          advice)
    } catch let error as SystemError where error.errno == .notPermitted || error.errno == .permissionDenied {
      return .failure(
        "self-test", "sending to \(network.group) on \(name) is forbidden, by a firewall (\(error))", advice)
    } catch let error as SystemError {
      return .failure(
        "self-test", "cannot send to \(network.group) on \(name): \(error.errno)",
        "see the interfaces and the route above")
    } catch {
      return .failure("self-test", "\(error)", nil)
    }
  }

  /// Listens for a while, and says who is heard, and if nobody is, why that may be.
  ///
  /// - Parameter isSelfHeard: Whether this machine hears itself; if not, that comes first.
  func members(_ ring: KeyRing, for time: Interval, isSelfHeard: Bool) async -> [Finding] {
    let notices = Mutex<[NoticeReport]>([])
    let peer: MulticastPeer
    // Opened before the socket, so that it sees all that the socket could.
    // With --source, what does not reach the socket may well be what is not to.
    let tap = network.sources.isEmpty ? GroupTap(network.group, on: interfaces[0]) : nil
    do {
      peer = try MulticastPeer(
        network.peerConfiguration(nil, interfaces: interfaces), keys: ring,
        logger: Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() },
        onNotice: { notice in notices.withLock { $0.append(notice) } }, handler: { _, _ in true })
    } catch {
      return [
        isSelfHeard
          ? .failure("members", "\(error)", "see the checks above")
          : .warning("members", "the group cannot be listened to", Self.adviceAfterFailures)
      ]
    }
    try? await Task.sleep(for: time.duration)
    let arrived = tap?.count()
    peer.stop()
    let traffic = peer.traffic
    let heard = traffic.members.filter { $0.value.received > 0 }.sorted { $0.key < $1.key }
    var findings = refusals(notices.withLock { $0 }, isAnybodyHeard: !heard.isEmpty)
    let refused = traffic.refused.values.reduce(0, +)
    if !heard.isEmpty {
      findings.append(
        .ok("members", "heard \(heard.map { describe($0.key, $0.value) }.joined(separator: ", "))"))
    } else if findings.isEmpty, !isSelfHeard {
      findings.append(
        .warning("members", "nobody was heard on \(interfaces[0].name)", Self.adviceAfterFailures))
    } else if findings.isEmpty {
      findings.append(nobody(peer.keyIDs, arrived: arrived, received: refused, for: time))
    }
    return findings
  }

  private static let adviceAfterFailures = "mend the failures above, and try again"

  private func describe(_ member: MemberID, _ counts: Traffic.Member) -> String {
    let parts = [
      counts.epoch.map { "epoch \($0)" }, counts.keyID.map { "key ID \($0)" }, counts.source.map { "from \($0)" },
    ]
    return "node \(member) (\(parts.compactMap { $0 }.joined(separator: ", ")))"
  }

  /// What was refused of others is why they are not heard.
  private func refusals(_ notices: [NoticeReport], isAnybodyHeard: Bool) -> [Finding] {
    let causes = ["forged", "forgedOther", "otherSuite", "staleEpoch", "repeating", "alternating"]
    return notices.filter { causes.contains($0.cause) }.map { notice in
      Finding(
        verdict: isAnybodyHeard ? .warning : .failure, check: "members", text: notice.text, advice: nil)
    }
  }

  private func nobody(_ keyIDs: [KeyID], arrived: Int?, received: Int, for time: Interval) -> Finding {
    let name = interfaces[0].name
    let facts = LikelyCauses.Facts(
      group: network.group, interface: name, keyIDs: keyIDs.map(\.description), ttl: network.ttl, arrived: arrived,
      received: received,
      isWireless: exists("/sys/class/net/\(name)/wireless"),
      isVirtual: exists("/sys/class/net/\(name)/bridge"),
      isContainer: exists("/.dockerenv") || exists("/run/.containerenv"))
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
