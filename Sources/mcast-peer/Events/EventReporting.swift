import Logging
import MulticastDTLS

/// Logs each event of a peer, and hands it on with its text. Runs until the peer has stopped.
struct EventReporting {
  let peer: MulticastPeer
  let log: EventLog

  init(_ peer: MulticastPeer, _ logger: Logger) {
    self.peer = peer
    log = EventLog(logger)
  }

  /// - Parameter handOn: Takes each event, and its text.
  func run(_ handOn: (PeerEvent, String) -> Void) async {
    for await event in peer.events {
      let text = event.text(EventContext(peer))
      log.log(event.kind == .failed ? .critical : event.isWarning ? .warning : .info, text)
      handOn(event, text)
    }
  }
}
