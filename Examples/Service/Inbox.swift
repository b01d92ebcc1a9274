import Logging
import MulticastDTLS
import ServiceLifecycle

/// Logs each message, until the shutdown.
struct Inbox: Service {
  let peer: MulticastPeer
  let logger: Logger

  func run() async throws {
    for await message in peer.messages.cancelOnGracefulShutdown() {
      let text = String(decoding: message.payload, as: UTF8.self)
      logger.info("received", metadata: ["member": "\(message.sender)", "text": "\(text)"])
    }
  }
}
