import Glibc
import Logging
import MulticastDTLS
import UnixSignals

/// One of some robots: sends a heartbeat every second, and prints the leader when it changes.
@main
struct Leader {
  private static let logger = Logger(label: "leader")

  static func main() async {
    do {
      try await run(CommandLine.arguments)
    } catch {
      logger.error("\(error)")
      exit(EXIT_FAILURE)
    }
  }

  private static func run(_ arguments: [String]) async throws {
    guard (2...4).contains(arguments.count) else {
      logger.error("usage: leader <member> [<group> [<interface>]]")
      exit(EX_USAGE)
    }
    let member = try MemberID(arguments[1])
    let group = try GroupAddress(arguments.count > 2 ? arguments[2] : "239.255.76.1:7601")
    let interface = try arguments.count > 3 ? NetworkInterface(arguments[3]) : .standard(for: group)

    var configuration = try MulticastPeer.Configuration(
      member: member, peers: MemberSet(0...255), group: group, suite: .pskChaCha20Poly1305, interface: interface,
      state: .standard())
    // On loopback, all others are on this machine.
    configuration.timeToLive = interface.name == "lo" ? 0 : 1
    try ProcessMemory.hide()
    let keys = try KeyRing(from: .choose(secretFile: nil), markingIn: configuration.state)
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    try await withMulticastPeer(configuration, keys: keys, logger: logger) { peer in
      try await lead(as: member, peer, until: signals)
    }
  }

  private static func lead(as member: MemberID, _ peer: MulticastPeer, until signals: UnixSignalsSequence) async throws
  {
    let bulletin = Bulletin()
    try await withThrowingTaskGroup { tasks in
      tasks.addTask {
        try await SendTimer(interval: .seconds(1)).run { _ in
          do {
            try peer.send("I am here")
            await bulletin.heard(member)
            return true
          } catch let error as PeerError where error.code == .system {
            logger.warning("nobody hears this robot: \(error)")
            await bulletin.heard(nil)
            return false
          }
        }
      }
      tasks.addTask { for await message in peer.messages { await bulletin.heard(message.sender) } }
      tasks.addTask { for await _ in signals { break } }
      try await tasks.next()
      tasks.cancelAll()
    }
  }
}
