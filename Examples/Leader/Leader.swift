import Glibc
import Logging
import MulticastDTLS
import UnixSignals

/// One of several robots: sends a heartbeat every second, and prints the leader whenever it changes.
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
      member: member, peers: MemberSet(0...255), group: group, interface: interface, state: .standard())
    configuration.suite = .pskChaCha20Poly1305
    // On loopback, all members are on this machine.
    configuration.timeToLive = interface.name == "lo" ? 0 : 1
    let keys = try KeyRing(from: .choose(secretFile: nil), markingIn: configuration.state)
    let peer = try MulticastPeer(configuration, keys: keys, logger: logger)
    defer { peer.stop() }

    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    let bulletin = Bulletin()
    try await withThrowingTaskGroup { tasks in
      tasks.addTask {
        try await SendTimer(interval: .seconds(1)).run { _ in
          do {
            try peer.send("I am here")
            await bulletin.heard(member)
            return true
          } catch let error as SystemError {
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
