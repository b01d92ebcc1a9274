import Logging
import Metrics
import ServiceLifecycle

extension MulticastPeer: Service {
  /// Runs until the task is cancelled, the service is shut down gracefully, or the peer is stopped; then it is stopped.
  ///
  /// - Throws: ``PeerError/Code/state`` if the peer no longer sends, see ``failure``.
  public func run() async throws {
    await cancelWhenGracefulShutdown { [end] in
      var none: [Never] = []
      await end.take(into: &none)
    }
    await stop()
    if let failure { throw PeerError(failure) }
  }
}

/// Makes a peer, lends it to a body, and stops it when the body has returned or thrown.
///
/// - Parameters:
///   - configuration: The group, this member, the others, and the state.
///   - keys: The group secrets; the first is sent with, all are accepted.
///   - logger: Receives the same as ``MulticastPeer/events``.
///   - metrics: Makes the metrics.
///   - handler: Takes the messages; with nil, ``MulticastPeer/messages`` has them.
///   - isolation: The actor of the caller, on which the body runs.
///   - body: Uses the peer, and must not keep it.
/// - Returns: The value of the body.
/// - Throws: ``PeerError`` if the peer cannot be made, and the error of the body.
public func withMulticastPeer<Value>(
  _ configuration: MulticastPeer.Configuration,
  keys: KeyRing,
  logger: Logger = Logger(label: "MulticastDTLS"),
  metrics: any MetricsFactory = MetricsSystem.factory,
  handler: MulticastPeer.Handler? = nil,
  isolation: isolated (any Actor)? = #isolation,
  _ body: (MulticastPeer) async throws -> Value
) async throws -> Value {
  let peer = try MulticastPeer(configuration, keys: keys, logger: logger, metrics: metrics, handler: handler)
  do {
    let value = try await body(peer)
    await peer.stop()
    return value
  } catch {
    await peer.stop()
    throw error
  }
}
