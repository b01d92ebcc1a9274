import MulticastDTLS

/// The check of what a member of a signed group needs: public keys in the roster, and an identity of its own.
struct SigningCheck {
  let members: Members
  /// The source of this member's identity; nil if it is unknown, or sends nothing.
  let identity: IdentitySource?
  /// This machine's member; nil if unknown.
  let member: MemberID?
  /// The secrets of the ring under which messages need no signature.
  var unsigned: [KeyID] = []

  /// The findings; none if no message is signed.
  var findings: [Finding] {
    unsigned.map(finding) + [publicKeys] + (identity.map { [finding(on: $0)] } ?? [])
  }

  private func finding(on unsigned: KeyID) -> Finding {
    .warning(
      "signing",
      "messages with key ID \(unsigned) need no signature, so that any member can speak as another with it",
      "drop it once no member sends with it", command: "mcast-peer secret rotate drop \(unsigned)")
  }

  private var publicKeys: Finding {
    if let warning = SigningLines(member: member, key: nil, members: members).rosterWarning {
      return .failure("signing", warning, nil)
    }
    guard let fingerprint = members.roster.fingerprint else {
      return .failure(
        "signing",
        "messages are signed, and \(members.place) has no public key, so that nothing is accepted of anybody",
        "use a roster with the lines that 'mcast-peer identity show ID' prints at each member")
    }
    let missing = MemberSet(members.awaited(at: member).filter { members.roster.publicKeys[$0] == nil })
    guard missing.isEmpty else {
      return .warning(
        "signing", "there is no public key for \(members.named(missing)) in \(members.place)",
        "add the lines that 'mcast-peer identity show ID' prints there, or remove the members")
    }
    return .ok(
      "signing",
      "\(unsigned.isEmpty ? "messages are signed; " : "")the public keys have \(fingerprint): compare it at all members"
    )
  }

  private func finding(on source: IdentitySource) -> Finding {
    do {
      let key = try source.read().publicKey
      let lines = SigningLines(member: member, key: key, members: members)
      if let warning = lines.ownKeyWarning {
        return .failure("identity", warning, "correct the rosters of all members")
      }
      return .ok("identity", "\(source.path.map { "\($0), " } ?? "")fingerprint \(key.fingerprint)")
    } catch {
      return .failure("identity", "\(error)", "a member of a signed group cannot send without it")
    }
  }
}
