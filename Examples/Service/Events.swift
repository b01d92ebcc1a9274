import Logging
import MulticastDTLS
import ServiceLifecycle

/// Acts on the events of the peer, until the shutdown. The peer logs them itself.
struct Events: Service {
  let peer: MulticastPeer
  let logger: Logger

  func run() async throws {
    for await event in peer.events.cancelOnGracefulShutdown() {
      switch event {
      case .silent(let member, _): logger.notice("a sensor is away", metadata: ["member": "\(member)"])
      case .heardAgain(let member), .restarted(let member, _):
        logger.notice("a sensor is back", metadata: ["member": "\(member)"])
      // The peer no longer sends, since nonces would repeat: an operator must change the secret.
      case .failed(let error): throw error
      default: break
      }
    }
  }
}
