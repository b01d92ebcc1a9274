import Dispatch
import Glibc
import Logging
import MulticastDTLS

/// Has a running peer read its key ring again, as SIGHUP asks for.
struct KeyRingReload {
  let peer: MulticastPeer
  /// Where the ring is.
  let source: SecretSource
  /// The descriptors that were a terminal at the start.
  let terminals: [CInt]
  let logger: Logger

  /// The descriptors that are a terminal.
  static var terminals: [CInt] { [STDOUT_FILENO, STDERR_FILENO].filter { isatty($0) == 1 } }

  /// The ring stays as it was, and why.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Uses what is in the file now. If it cannot be used, the ring stays as it is.
  ///
  /// - Returns: The key IDs of the ring; nil if the process is about to end.
  func read() async -> Result<[KeyID], Failure>? {
    if terminals.contains(where: { isatty($0) == 0 }) {
      // The terminal is gone: this is not a request, but the end.
      kill(getpid(), SIGTERM)
      return nil
    }
    let former = peer.keyIDs
    do {
      // It takes a moment of computing, for which no thread of the tasks is to be held.
      try await withCheckedThrowingContinuation { done in
        DispatchQueue.global().async {
          done.resume(
            with: Result {
              // A file that is missing is no reason to make a new secret now.
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
      let failure = Failure(description: "the key ring stays as it was (\(keys)): \(error)")
      logger.error("\(failure)")
      return .failure(failure)
    }
    let ring = peer.keyIDs
    let sending = peer.epoch.map { " this node sends with key ID \(ring[0]), in epoch \($0), and" } ?? ""
    logger.info(
      """
      key ring read again from \(source)\(ring == former ? ", unchanged" : ""):\(sending) accepts \
      \(ring.map(\.description).joined(separator: ", ")); \(whereabouts)
      """)
    return .success(ring)
  }

  /// Which key each other member sends with.
  private var whereabouts: String {
    let (heard, configuration) = (peer.statistics.members, peer.configuration)
    let others = configuration.peers.members.filter { $0 != configuration.member }
    return Dictionary(grouping: others) { heard[$0]?.keyID?.description ?? "" }.sorted { $0.key < $1.key }
      .map { keyID, members in
        "\(MemberSet(members).named) \(keyID.isEmpty ? "not heard" : "last heard with \(keyID)")"
      }
      .joined(separator: ", ")
  }
}
