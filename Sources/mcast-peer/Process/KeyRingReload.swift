import Dispatch
import Glibc
import Logging
import MulticastDTLS

/// Reloads the key ring of a running peer, on SIGHUP.
struct KeyRingReload {
  let peer: MulticastPeer
  let source: SecretSource
  /// The descriptors that were a terminal at the start.
  let terminals: [CInt]
  let logger: Logger

  /// The standard descriptors that are a terminal now.
  static var terminals: [CInt] { [STDOUT_FILENO, STDERR_FILENO].filter { isatty($0) == 1 } }

  /// A failed reload, after which the former ring stays in use.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Reads the file, and switches the peer to its ring. The former ring stays in use if the file is unusable.
  ///
  /// - Returns: The key IDs of the ring; nil if the process is about to end.
  func run() async -> Result<[KeyID], Failure>? {
    if terminals.contains(where: { isatty($0) == 0 }) {
      // The terminal is gone: this SIGHUP is a hang-up, not a request.
      kill(getpid(), SIGTERM)
      return nil
    }
    let former = peer.keyIDs
    do {
      // Key derivation takes some milliseconds: keep it off the pool that all tasks share.
      try await withCheckedThrowingContinuation { done in
        DispatchQueue.global().async {
          done.resume(
            with: Result {
              // A new secret would be one that no other member has.
              let ring = try KeyRing(from: source, makesOwnFile: false)
              try peer.rotate(to: ring)
              warn(of: ring, logger)
            })
        }
      }
    } catch let error as PeerError where error.code == .stopped {
      return nil
    } catch {
      let keys = former.map(\.description).joined(separator: ", ")
      let failure = Failure(description: "the key ring stays as it was (key ID \(keys)): \(error)")
      logger.error("\(failure)")
      return .failure(failure)
    }
    let ring = peer.keyIDs
    let sending = peer.epoch.map { " this member sends with key ID \(ring[0]), in epoch \($0), and" } ?? ""
    logger.info(
      """
      key ring read again from \(source)\(ring == former ? ", unchanged" : ""):\(sending) accepts \
      \(ring.map(\.description).joined(separator: ", ")); \(keysOfOthers)
      """)
    return .success(ring)
  }

  /// The other members, grouped by the key that each last sent with.
  private var keysOfOthers: String {
    let (heard, configuration) = (peer.statistics.members, peer.configuration)
    let others = configuration.peers.members.filter { $0 != configuration.member }
    return Dictionary(grouping: others) { heard[$0]?.keyID?.description ?? "" }.sorted { $0.key < $1.key }
      .map { keyID, members in
        "\(MemberSet(members).named) \(keyID.isEmpty ? "not heard" : "last heard with \(keyID)")"
      }
      .joined(separator: ", ")
  }
}
