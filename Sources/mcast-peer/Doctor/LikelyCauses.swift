import MulticastDTLS

/// Why no member may be heard, the likeliest cause first. Pure.
struct LikelyCauses {
  /// What is known.
  struct Facts {
    var group: GroupAddress
    var interface: String
    var keyIDs: [String]
    var ttl: UInt8
    /// How many datagrams for the group came in by the interface; nil if this process may not know.
    var arrived: Int?
    /// How many came out of the socket, whatever they were.
    var received = 0
    /// How many of these are no records of a member.
    var strange = 0
    var isWireless = false
    var isVirtual = false
    var isContainer = false
    /// The names of other interfaces that are up.
    var others: [String] = []
    /// True if the interface was chosen by the kernel's route, or leads to one other machine, as a VPN does: then another may
    /// well be meant.
    var isDoubtful = false
  }

  let facts: Facts

  /// Each is a cause, and what to do about it.
  var causes: [String] {
    var causes: [String] = []
    if let arrived = facts.arrived, arrived > 0, facts.received == 0 {
      return [
        "a firewall of this machine drops what comes in (or rp_filter does): allow UDP port \(facts.group.port); see "
          + "'nft list ruleset', 'iptables -S'"
      ]
    }
    if facts.interface == "lo" {
      return [
        "no other member runs on this machine, which is all that loopback reaches, or it uses another group than "
          + "\(facts.group): for members elsewhere choose an interface ("
          + (facts.others.isEmpty ? "--interface" : Self.choice(of: facts.others)) + ")"
      ]
    }
    if facts.strange > 0 {
      let count = facts.strange == 1 ? "1 datagram" : "\(facts.strange) datagrams"
      causes.append(
        "another program sends to \(facts.group): of it came \(count), and no message of a member; choose another group or port "
          + "(--group)")
    }
    let isBridged = facts.isVirtual || facts.isContainer
    if isBridged {
      causes.append(
        "\(facts.isContainer ? "this is a container, and \(facts.interface)" : facts.interface) may be a virtual network, as "
          + "Docker's bridge is, which multicast of others does not reach: use host networking, or the interface that leads "
          + "outside")
    }
    causes.append("no other member runs now, or it uses another group than \(facts.group), or another interface")
    if !facts.others.isEmpty {
      let elsewhere =
        "the members are on the network of another interface than \(facts.interface): \(Self.choice(of: facts.others))"
      causes.insert(elsewhere, at: facts.isDoubtful ? causes.count - 1 : causes.count)
    }
    causes.append(
      "they send seldom, or only listen: wait for longer (--wait); that they have another secret would show only when they "
        + "send (compare key IDs; here \(facts.keyIDs.joined(separator: ", ")))")
    causes.append("their TTL is too small for the routers between (--ttl there, 1 by default; here it is \(facts.ttl))")
    if facts.arrived == nil {
      causes.append(
        "a firewall here drops what comes in: allow UDP port \(facts.group.port) (as root, doctor sees what arrives before it)"
      )
    }
    causes.append("a firewall there drops what they send")
    let wireless = "Wi-Fi: access points drop or slow multicast, or keep stations apart: try a cable"
    if facts.isWireless { causes.insert(wireless, at: (facts.strange > 0 ? 1 : 0) + (isBridged ? 1 : 0)) }
    causes.append("a switch snoops IGMP without a querier: turn on a querier, or snooping off")
    if !isBridged { causes.append("a Docker bridge or a virtual network on their side: host networking there") }
    if !facts.isWireless { causes.append(wireless) }
    return causes
  }

  /// Some interfaces, and the option that chooses one; at least one.
  private static func choice(of names: [String]) -> String {
    "up \(names.count == 1 ? "is" : "are") \(names.joined(separator: ", ")), as in --interface \(shellWord(names[0]))"
  }
}
