import Logging
import MulticastDTLS

/// The lines that a peer logs at its start in a signed group: the fingerprints that people compare, and the members whose
/// messages cannot be verified.
struct SigningLines {
  let member: MemberID?
  /// The public key that this member signs with; nil if it only listens.
  let key: PublicKey?
  let members: Members
  /// The secrets of the ring under which messages need no signature.
  var unsigned: [KeyID] = []
  /// False if the member sends with one of these.
  var signsNow = true

  /// The lines of a peer; none if its group is not signed.
  init?(of peer: MulticastPeer, _ members: Members) {
    guard peer.hasSignedSecret else { return nil }
    member = peer.configuration.member
    key = peer.identity?.publicKey
    self.members = members
    unsigned = peer.unsignedKeyIDs
    signsNow = !unsigned.contains(peer.keyIDs[0])
  }

  init(member: MemberID?, key: PublicKey?, members: Members) {
    (self.member, self.key, self.members) = (member, key, members)
  }

  /// The lines.
  var all: [(level: Logger.Level, text: String)] {
    var lines: [(Logger.Level, String)] = []
    if let unsignedWarning { lines.append((.warning, unsignedWarning)) }
    if let key {
      lines.append(
        (.info, "this member \(signsNow ? "signs" : "will sign, with its next secret,") with \(key.fingerprint)"))
    }
    if let rosterWarning { return lines + [(.warning, rosterWarning)] }
    if let fingerprint = members.roster.fingerprint {
      lines.append((.info, Self.comparison(of: fingerprint)))
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

  /// The line that has people compare their rosters.
  static func comparison(of fingerprint: Fingerprint) -> String {
    "the public keys of the roster have \(fingerprint): compare it with the other members"
  }

  /// The warning of a member without a roster: no public key is known.
  var rosterWarning: String? {
    switch members.origin {
    case .file: nil
    case .option:
      "--peers has no public keys, so that nothing is accepted of anybody: leave it out, and use the roster of the others"
    case .standard:
      "there is no roster, and so no public key, so that nothing is accepted of anybody: copy the roster of the other members "
        + "beside the secret's file, or name it (--roster)"
    }
  }

  /// The warning of a ring in which only some secrets are signed.
  var unsignedWarning: String? {
    unsigned.isEmpty
      ? nil
      : "messages with key ID \(unsigned.map(\.description).joined(separator: ", ")) need no signature, so that any member can "
        + "speak as another with it: drop it once no member sends with it"
  }

  /// The warning of a roster that has another key for this member: the others have the same one, perhaps.
  var ownKeyWarning: String? {
    guard let key, let member, members.hasFile, members.roster.publicKeys[member]?.contains(key) != true else {
      return nil
    }
    if let other = members.roster.publicKeys.first(where: { $0.value.contains(key) })?.key {
      return
        "this member's identity is that of \(members.named(other)) in \(members.place), and the others refuse its messages: move "
        + "it away, and make one of its own with 'mcast-peer identity new \(member)'"
    }
    let line = Roster.line(of: member, key, name: members.roster.name(of: member))
    return members.roster.publicKeys[member] == nil
      ? "\(members.place) has no public key for this member: give this line to all rosters: \(line)"
      : "\(members.place) has another public key for this member, and who has the same roster refuses its messages: give this "
        + "line to all rosters, or use the identity of that key: \(line)"
  }
}
