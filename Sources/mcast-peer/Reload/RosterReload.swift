import Logging
import MulticastDTLS

/// Reads the roster of a running peer again, and has the peer follow its members.
struct RosterReload {
  let peer: MulticastPeer
  let source: MemberSource
  let members: CurrentMembers
  let unusable: UnusableFiles
  let logger: Logger

  /// Reads the file. The former members stay if it is unusable, is gone, or does not have this member.
  ///
  /// - Parameter isAsked: True if somebody asked for it, and so wants to know that nothing changed.
  /// - Returns: The members; nil if nothing changed, or no roster is used.
  func run(isAsked: Bool) -> Result<Members, ReloadFailure>? {
    guard let path = source.path else { return nil }
    let former = members.value
    do {
      let next = try source.read()
      if let own = peer.configuration.member { try next.check(own) }
      if case .file = former.origin, next.origin == .standard {
        throw RosterError.missing("there is no roster \(path)")
      }
      let isUsableAgain = unusable.record(.roster, nil) != nil
      guard next != former else {
        if isAsked || isUsableAgain, case .file = next.origin {
          logger.info("roster read again from \(path), unchanged")
        }
        return nil
      }
      members.value = next
      let isFollowedAlike =
        next.all == former.all && next.roster.listeners == former.roster.listeners
        && next.roster.publicKeys == former.roster.publicKeys
      if !isFollowedAlike { peer.follow(next.roster) }
      logger.info("roster read again from \(path): \(changes(from: former, to: next))")
      if next.roster.publicKeys != former.roster.publicKeys, let fingerprint = next.roster.fingerprint {
        logger.info("\(SigningLines.comparison(of: fingerprint))")
      }
      if let warning = SigningLines(of: peer, next)?.ownKeyWarning { logger.warning("\(warning)") }
      return .success(next)
    } catch {
      // Read again from time to time, the same fault is no news.
      if unusable.record(.roster, "\(error)") == "\(error)", !isAsked { return nil }
      return .failure(ReloadFailure("the members stay as they were (\(former.all)): \(error)", logger))
    }
  }

  private func changes(from former: Members, to next: Members) -> String {
    let added = MemberSet(next.all.filter { !former.all.contains($0) })
    let removed = MemberSet(former.all.filter { !next.all.contains($0) })
    var parts: [String] = []
    if !added.isEmpty { parts.append("\(next.named(added)) added") }
    if !removed.isEmpty { parts.append("\(former.named(removed)) removed") }
    let rekeyed = MemberSet(
      next.all.filter { next.roster.publicKeys[$0] != former.roster.publicKeys[$0] && former.all.contains($0) })
    if !rekeyed.isEmpty { parts.append("other public keys of \(next.named(rekeyed))") }
    return (parts.isEmpty ? ["other names or marks"] : parts).joined(separator: ", ") + "; members now \(next.all)"
  }
}
