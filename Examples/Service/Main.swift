import Logging
import MulticastDTLS
import ServiceLifecycle

/// A sensor of a group as a service: sends its reading every second, and logs the readings of the others.
@main
struct Main {
  static func main() async throws {
    LoggingSystem.bootstrap(StreamLogHandler.standardError)
    let logger = Logger(label: "sensor")
    try ProcessMemory.hide()

    var configuration = try MulticastPeer.Configuration(
      member: MemberID(CommandLine.arguments[1]), peers: MemberSet(0...255),
      group: GroupAddress(CommandLine.arguments[2]), suite: .pskChaCha20Poly1305,
      interface: NetworkInterface(CommandLine.arguments[3]), state: .standard())
    configuration.timeToLive = 1
    let keys = try KeyRing(from: .choose(secretFile: nil), markingIn: configuration.state)
    let peer = try MulticastPeer(configuration, keys: keys, logger: logger)

    // Stopped from the last to the first: the peer once nothing sends or reads.
    let services = ServiceGroup(
      services: [
        peer, Inbox(peer: peer, logger: logger), Events(peer: peer, logger: logger), Readings(peer: peer),
      ],
      gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    try await services.run()
  }
}
