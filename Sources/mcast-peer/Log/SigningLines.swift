import Logging
import MulticastDTLS

/// The lines that a peer logs at its start in a signed group: the fingerprints that people compare, and the members whose
/// messages cannot be verified.
struct SigningLines {
  let member: MemberID?
  /// The public key that this member signs with; nil if it only listens.
  let key: PublicKey?
  let members: Members

  /// The lines of a peer; none if its group is not signed.
  init?(of peer: MulticastPeer, _ members: Members) {
    guard peer.hasSignedSecret else { return nil }
    member = peer.configuration.member
    key = peer.identity?.publicKey
    self.members = members
  }

  init(member: MemberID?, key: PublicKey?, members: Members) {
    (self.member, self.key, self.members) = (member, key, members)
  }

  /// The lines.
  var all: [(level: Logger.Level, text: String)] {
    var lines: [(Logger.Level, String)] = []
    if let key { lines.append((.info, "this member signs with \(key.fingerprint)")) }
    if let fingerprint = members.roster.fingerprint {
      lines.append((.info, "the public keys of the roster have \(fingerprint): compare it with the other members"))
    }
    if let warning = ownKeyWarning { lines.append((.warning, warning)) }
    let missing = MemberSet(
      members.awaited(at: member).filter { members.roster.publicKeys[$0] == nil })
    if !missing.isEmpty {
      lines.append(
        (
          .warning,
          "there is no public key for \(members.named(missing)) in \(members.place), so that nothing is accepted of "
            + (missing.count == 1 ? "it" : "them")
            + ": give the lines of 'mcast-peer identity show' to the roster"
        ))
    }
    return lines
  }

  /// The warning of a roster that has another key for this member: the others have the same one, perhaps.
  var ownKeyWarning: String? {
    guard let key, let member, members.roster.publicKeys[member]?.contains(key) != true else { return nil }
    let line = Roster.line(of: member, key, name: members.roster.name(of: member))
    return members.roster.publicKeys[member] == nil
      ? "\(members.place) has no public key for this member: give this line to all rosters: \(line)"
      : "\(members.place) has another public key for this member, and who has the same roster refuses its messages: give this "
        + "line to all rosters, or use the identity of that key: \(line)"
  }
}
