import MulticastDTLS
import SystemPackage

/// A machine that takes orders from member 0, and from nobody else: each order is signed.
@main
struct Main {
  static func main() async throws {
    try ProcessMemory.hide()
    let member = try MemberID(CommandLine.arguments[1])
    let identity = try enrol(member)
    guard let roster = try readRoster() else { return }
    try say("the public keys of the roster have \(roster.fingerprint.map { "\($0)" } ?? "no fingerprint")")

    var configuration = try MulticastPeer.Configuration(
      member: member, peers: MemberSet(), group: GroupAddress(CommandLine.arguments[2]),
      suite: .pskChaCha20Poly1305, interface: NetworkInterface(CommandLine.arguments[3]),
      state: StateDirectory(path: "state"))
    configuration.use(roster)
    configuration.identity = identity
    configuration.isSigning = true
    let keys = try KeyRing(from: .file(path: "secret"))
    try await withMulticastPeer(configuration, keys: keys) { peer in
      if member == 0 { try await giveOrders(by: peer) }
      for await message in peer.messages where message.sender == 0 {
        try say("member 0 orders: \(String(decoding: message.payload, as: UTF8.self))")
      }
    }
  }

  /// Gives an order every second.
  static func giveOrders(by peer: MulticastPeer) async throws {
    try await SendTimer(interval: .seconds(1)).run { number in
      try peer.send("order \(number)")
      return true
    }
  }
}
