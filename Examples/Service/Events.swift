import Logging
import MulticastDTLS
import ServiceLifecycle

/// Acts on the events of the peer, until the shutdown. The peer logs them itself.
struct Events: Service {
  let peer: MulticastPeer
  let logger: Logger

  func run() async throws {
    for await event in peer.events.cancelOnGracefulShutdown() {
      // An event may stand for several members.
      switch event.kind {
      case .silent: logger.notice("sensors are away", metadata: ["members": "\(event.members)"])
      case .heardAgain, .restarted: logger.notice("sensors are back", metadata: ["members": "\(event.members)"])
      default: break
      }
      // The peer no longer sends, since nonces would repeat: an operator must change the secret.
      if case .failed(let error) = event { throw error }
    }
  }
}
