import Dispatch
import Logging
import MulticastDTLS

/// Reads the key ring of a running peer again, and switches the peer to it.
struct KeyRingReload {
  let peer: MulticastPeer
  let source: SecretSource
  let members: CurrentMembers
  let identity: IdentityReload
  let unusable: UnusableFiles
  /// The options that make the messages; nil for a peer that makes none.
  let messages: PeerConfiguration?
  let logger: Logger

  /// Reads the file, and switches the peer to its ring. The former ring stays in use if the file is unusable.
  ///
  /// - Parameter isAsked: True if somebody asked for it, and so wants to know that nothing changed.
  /// - Returns: The key IDs of the ring; nil if nothing changed, or the process is about to end.
  func run(isAsked: Bool) async -> Result<[KeyID], ReloadFailure>? {
    let (former, wasSigned, hadSignedSecret) = (peer.keyIDs, peer.isSigned, peer.hasSignedSecret)
    do {
      // Key derivation takes some milliseconds: keep it off the pool that all tasks share.
      try await withCheckedThrowingContinuation { done in
        DispatchQueue.global().async {
          done.resume(
            with: Result {
              // A new secret would be one that no other member has.
              let ring = try KeyRing(from: source, makesOwnFile: false)
              try identity.prepare(for: ring)
              try checkMessages(of: ring)
              try peer.rotate(to: ring)
              warn(of: ring, logger)
            })
        }
      }
    } catch let error as PeerError where error.code == .stopped {
      return nil
    } catch {
      let keys = former.map(\.description).joined(separator: ", ")
      // Read again from time to time, the same fault is no news.
      if unusable.record(.secret, "\(error)") == "\(error)", !isAsked { return nil }
      return .failure(ReloadFailure("the key ring stays as it was (key ID \(keys)): \(error)", logger))
    }
    let isUsableAgain = unusable.record(.secret, nil) != nil
    let ring = peer.keyIDs
    guard isAsked || isUsableAgain || ring != former else { return nil }
    let sending = peer.epoch.map { " this member sends with key ID \(ring[0]), in epoch \($0), and" } ?? ""
    logger.info(
      """
      key ring read again from \(source)\(ring == former ? ", unchanged" : ""):\(sending) accepts \
      \(ring.map(\.description).joined(separator: ", ")); \(keysOfOthers)
      """)
    let lines = SigningLines(of: peer, members.value)
    if !hadSignedSecret {
      for line in lines?.all ?? [] { logger.log(level: line.level, "\(line.text)") }
    } else if ring != former, let warning = lines?.unsignedWarning {
      logger.warning("\(warning)")
    }
    if peer.isSigned, !wasSigned { logger.info("all messages are signed now: none without a signature is accepted") }
    return .success(ring)
  }

  /// Checks that the messages of the options fit into those of a ring, which are shorter if they are signed.
  ///
  /// - Throws: If they do not fit under the secret to send with.
  private func checkMessages(of ring: KeyRing) throws {
    guard let messages else { return }
    let suite = peer.configuration.suite
    for (place, secret) in ring.secrets.enumerated() where secret.isSigned {
      do {
        try messages.checkMessage(limit: suite.maximumSignedPayload)
      } catch {
        if place == 0 { throw error }
        logger.warning("this member cannot send with the new secret, under which messages are signed: \(error)")
      }
    }
  }

  /// The other members, grouped by the key that each last sent with.
  private var keysOfOthers: String {
    let (heard, names) = (peer.statistics.members, members.value)
    let others = peer.peers.without(peer.configuration.member)
    return Dictionary(grouping: others) { heard[$0]?.keyID?.description ?? "" }.sorted { $0.key < $1.key }
      .map { keyID, members in
        "\(names.named(MemberSet(members))) \(keyID.isEmpty ? "not heard" : "last heard with \(keyID)")"
      }
      .joined(separator: ", ")
  }
}
