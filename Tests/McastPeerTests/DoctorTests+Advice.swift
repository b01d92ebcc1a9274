import CommonSupport
import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS
@testable import mcast_peer

// MARK: - Causes and advice

extension DoctorTests {
  @Test("the likely causes are in an order that fits the facts")
  func causes() {
    var facts = LikelyCauses.Facts(group: .standard, interface: "eth0", keyIDs: ["9ab7-6d2d"], ttl: 1)
    func order(_ words: String...) -> Bool {
      let causes = LikelyCauses(facts: facts).causes
      let places = words.map { word in causes.firstIndex { $0.contains(word) } ?? -1 }
      return !places.contains(-1) && places == places.sorted() && causes.count >= words.count
    }
    #expect(order("another secret", "TTL", "firewall here", "firewall there", "querier", "Docker", "Wi-Fi"))
    facts.arrived = 0
    #expect(order("another secret", "TTL", "firewall there", "querier"))
    #expect(!LikelyCauses(facts: facts).causes.contains { $0.contains("firewall here") })
    facts.isWireless = true
    #expect(order("Wi-Fi", "another secret"))
    facts.isContainer = true
    #expect(order("container", "Wi-Fi", "another secret"))
    facts.arrived = 3
    #expect(LikelyCauses(facts: facts).causes.count == 1 && order("firewall of this machine"))
    // Datagrams of members that are not followed, or of this machine.
    facts.received = 3
    #expect(order("another secret", "TTL") && !order("another program sends"))
    facts.strange = 1
    #expect(order("another program sends", "another secret") && order("(1 datagram,"))
    facts.strange = 3
    #expect(order("another program sends", "another secret") && order("(3 datagrams,"))
    facts.others = ["wlan 0", "eth0"]
    facts.interface = "tun0"
    #expect(
      order(
        "another program sends", "no other member", "up are wlan 0, eth0, as in --interface 'wlan 0'", "another secret")
    )
    facts.isDoubtful = true
    #expect(order("another program sends", "up are wlan 0", "no other member", "another secret"))
    (facts.received, facts.strange) = (0, 0)
    facts.interface = "lo"
    facts.arrived = nil
    #expect(LikelyCauses(facts: facts).causes.count == 1 && order("loopback reaches"))
    #expect(order("up are wlan 0, eth0"))
  }

  @Test("text has at most 80 columns, one cause a line, and unbroken commands")
  func columns() {
    let facts = LikelyCauses.Facts(
      group: .standard, interface: "wlp0s20f3", keyIDs: ["9ab7-6d2d", "2b16-9422"], ttl: 1, strange: 1234,
      isWireless: true, isContainer: true, others: ["enp1s0f0", "docker0", "br-1a2b3c4d5e6f"], isDoubtful: true)
    let causes = LikelyCauses(facts: facts).causes
    let lines = Finding(
      verdict: .warning, check: "members", text: "nobody was heard on wlp0s20f3 in 5 s", remedy: .causes(causes)
    ).lines
    #expect(lines.allSatisfy { $0.count <= 80 }, "\(lines)")
    #expect(lines[0] == "warning  members    nobody was heard on wlp0s20f3 in 5 s")
    #expect(lines[1] == "         likely causes, in this order:")
    #expect(
      lines.compactMap { $0.firstMatch(of: /^ {9}(\d+)\. [^ ]/)?.output.1 }.map(String.init)
        == causes.indices.map { "\($0 + 1)" })
    // A continuation is indented below its cause.
    #expect(
      lines.dropFirst(2).allSatisfy {
        $0.hasPrefix("         ") && ($0.dropFirst(9).first?.isNumber == true || $0.hasPrefix("            "))
      })

    let long = String(repeating: "word ", count: 60) + String(repeating: "x", count: 90)
    let command = "ip route add 239.255.9.9/32 dev " + String(repeating: "e", count: 60)
    let folded = Finding.failure("rp_filter", long, "do this", command: command)
    #expect(
      folded.lines.filter { $0.count > 80 }.map { $0.filter { $0 != " " }.count } == [
        90, "runrp_filter\(command)".filter { $0 != " " }.count,
      ])
    #expect(folded.lines.suffix(2) == ["         do this:", "run      rp_filter  \(command)"])
    #expect(folded.lines.dropFirst().dropLast(2).allSatisfy { $0.hasPrefix(String(repeating: " ", count: 20)) })
    #expect(folded.advice == "do this: \(command)")
    // `grep route` finds the command too, as short as it may be.
    #expect(
      Finding.warning("route", "none", "run", command: "ip route").lines
        == ["warning  route      none", "run      route      ip route"])
    #expect(Finding.ok("route", "fine").lines == ["ok       route      fine"])
  }

  @Test("doctor reports IGMP and rp_filter only if they matter")
  func kernel() {
    func findings(
      _ version: String?, _ filter: Int?, isIPv4: Bool = true, sources: Bool = false, others: Bool = false
    ) -> [String] {
      KernelSettings("eth0", version: version, reversePathFilter: filter)
        .findings(isIPv4: isIPv4, needsSources: sources, hasOtherInterfaces: others)
        .map { "\($0.verdict.rawValue) \($0.check)" }
    }
    #expect(findings("V3", 1) == ["ok IGMP", "ok rp_filter"])
    #expect(findings("V2", 1, others: true) == ["ok IGMP", "warning rp_filter"])
    #expect(findings("V2", 2, sources: true, others: true) == ["warning IGMP", "ok rp_filter"])
    #expect(findings("V3", 0, sources: true) == ["ok IGMP", "ok rp_filter"])
    #expect(findings("V2", 1, isIPv4: false, sources: true, others: true) == [])
    #expect(findings(nil, nil) == [])
  }

  @Test("an advised command can be pasted, with any interface name")
  func commands() {
    func advice(_ name: String) -> [String] {
      KernelSettings(name, version: "V2", reversePathFilter: 1)
        .findings(isIPv4: true, needsSources: true, hasOtherInterfaces: true).compactMap(\.advice)
    }
    #expect(advice("eth0").map { $0.contains("sysctl net.ipv4.conf.eth0.") } == [true, true])
    #expect(advice("eth0.100")[0].hasSuffix(": sysctl net/ipv4/conf/eth0.100/force_igmp_version=0"))
    #expect(advice("eth0.100")[1].hasSuffix(": sysctl net/ipv4/conf/eth0.100/rp_filter=2"))
    #expect(advice("a;b")[1].hasSuffix(": sysctl 'net.ipv4.conf.a;b.rp_filter=2'"))
    let forced = KernelSettings("eth0", version: "V2", reversePathFilter: nil, isVersionForcedForAll: true)
    let advised = forced.findings(isIPv4: true, needsSources: true, hasOtherInterfaces: false).compactMap(\.advice)
    #expect(advised.map { $0.hasSuffix(": sysctl net.ipv4.conf.all.force_igmp_version=0") } == [true])
    #expect(shellWord("it's") == "'it'\\''s'" && shellWord("") == "''" && shellWord("br-0a1b") == "br-0a1b")
  }
}
