import Logging
import MulticastDTLS

/// Logs each event of a peer, and hands it on with its text. Runs until the peer has stopped.
struct EventReporting {
  let peer: MulticastPeer
  let members: CurrentMembers
  /// Must not block.
  let logger: Logger

  /// - Parameter handOn: Takes each event, and its text.
  func run(_ handOn: (PeerEvent, String) -> Void) async {
    for await event in peer.events {
      let text = event.text(EventContext(peer, members.value))
      let level: Logger.Level = event.kind == .failed ? .critical : event.isWarning ? .warning : .info
      logger.log(level: level, "\(text)")
      handOn(event, text)
    }
  }
}
