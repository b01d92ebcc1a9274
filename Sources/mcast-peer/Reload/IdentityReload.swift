import Logging
import MulticastDTLS

/// Reads the identity of a running peer again, and has the peer sign with it.
struct IdentityReload {
  let peer: MulticastPeer
  /// Nil for a peer that signs nothing.
  let source: IdentitySource?
  let members: CurrentMembers
  let unusable: UnusableFiles
  let logger: Logger

  /// Reads the file, if messages are signed. The former identity stays if it is unusable or gone.
  ///
  /// - Parameter isAsked: True if somebody asked for it, and so wants to know that nothing changed.
  /// - Returns: The public key; nil if nothing changed, or no identity is needed.
  func run(isAsked: Bool) -> Result<PublicKey, ReloadFailure>? {
    guard let source, peer.hasSignedSecret || peer.identity != nil else { return nil }
    do {
      let next = try source.read()
      let isUsableAgain = unusable.record(.identity, nil) != nil
      let path = source.path.map { "\($0)" } ?? ""
      guard next != peer.identity else {
        if isAsked || isUsableAgain { logger.info("identity read again from \(path), unchanged") }
        return nil
      }
      logger.info("identity read again from \(path): this member signs with \(next.publicKey.fingerprint)")
      use(next)
      return .success(next.publicKey)
    } catch {
      // Read again from time to time, the same fault is no news.
      if unusable.record(.identity, "\(error)") == "\(error)", !isAsked { return nil }
      return .failure(
        ReloadFailure(
          peer.identity == nil ? "this member cannot sign: \(error)" : "the identity stays as it was: \(error)", logger)
      )
    }
  }

  /// Reads the identity before a ring with a secret under which messages are signed.
  ///
  /// - Throws: If the peer is to send with such a secret, and has no identity.
  func prepare(for ring: KeyRing) throws {
    guard let source, peer.identity == nil, ring.secrets.contains(where: \.isSigned),
      let identity = try source.identity(for: ring, isSigning: false, logger)
    else { return }
    use(identity)
  }

  private func use(_ identity: Identity) {
    peer.sign(as: identity)
    let lines = SigningLines(member: peer.configuration.member, key: identity.publicKey, members: members.value)
    if let warning = lines.ownKeyWarning { logger.warning("\(warning)") }
  }
}
