import CommonSupport
import MulticastDTLS

/// The possible causes of hearing no member, the most likely first. Pure.
struct LikelyCauses {
  struct Facts {
    var group: GroupAddress
    var interface: String
    var keyIDs: [String]
    var ttl: UInt8
    /// The datagrams for the group that arrived on the interface; nil if this process may not count them.
    var arrived: Int?
    /// The datagrams that reached the socket.
    var received = 0
    /// The received datagrams that are no records of a member.
    var strange = 0
    var isWireless = false
    var isVirtual = false
    var isContainer = false
    /// The names of other interfaces that are up.
    var others: [String] = []
    /// True if the kernel's route chose the interface, or if it is point-to-point, as a VPN is: another one may be
    /// right.
    var isDoubtful = false
  }

  let facts: Facts

  /// The causes, each with its remedy.
  var causes: [String] {
    var causes: [String] = []
    if let arrived = facts.arrived, arrived > 0, facts.received == 0 {
      return [
        "a firewall of this machine, or rp_filter, drops them: allow UDP port \(facts.group.port); see 'nft list ruleset' "
          + "and 'iptables -S'"
      ]
    }
    if facts.interface == "lo" {
      return [
        "no other member of \(facts.group) runs on this machine, and loopback reaches no other: for members elsewhere, "
          + "choose an interface (" + (facts.others.isEmpty ? "--interface" : Self.choice(of: facts.others)) + ")"
      ]
    }
    if facts.strange > 0 {
      let count = facts.strange == 1 ? "1 datagram" : "\(facts.strange) datagrams"
      causes.append(
        "another program sends to \(facts.group) (\(count), no member's message): choose another group or port (--group)"
      )
    }
    let isBridged = facts.isVirtual || facts.isContainer
    if isBridged {
      causes.append(
        "\(facts.isContainer ? "this is a container: " : "")\(facts.interface) may be a virtual network, such as Docker's "
          + "bridge: use host networking, or an outside interface")
    }
    causes.append("no other member runs, or it uses another group or interface")
    if !facts.others.isEmpty {
      let elsewhere = "the members are on another network than \(facts.interface): \(Self.choice(of: facts.others))"
      causes.insert(elsewhere, at: facts.isDoubtful ? causes.count - 1 : causes.count)
    }
    causes.append("they send rarely, or only listen: wait longer (--wait)")
    causes.append(
      "they have another secret, and have not sent yet: compare key IDs (here \(facts.keyIDs.joined(separator: ", ")))")
    causes.append("their TTL is too low for the routers between: see --ttl there (here \(facts.ttl))")
    if facts.arrived == nil {
      causes.append("a firewall here: allow UDP port \(facts.group.port) (run doctor as root to know)")
    }
    causes.append("a firewall there drops their messages")
    let wireless = "Wi-Fi: access points drop or delay multicast: try a cable"
    if facts.isWireless { causes.insert(wireless, at: (facts.strange > 0 ? 1 : 0) + (isBridged ? 1 : 0)) }
    causes.append("a switch snoops IGMP without a querier: enable one, or disable snooping")
    if !isBridged { causes.append("they are behind a Docker bridge: use host networking there") }
    if !facts.isWireless { causes.append(wireless) }
    return causes
  }

  /// A list of interfaces, at least one, and the option that chooses the first.
  private static func choice(of names: [String]) -> String {
    "up \(names.count == 1 ? "is" : "are") \(names.joined(separator: ", ")), as in --interface \(shellWord(names[0]))"
  }
}
