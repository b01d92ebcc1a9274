import CommonSupport
import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS
@testable import mcast_peer

// MARK: - Names that are unknown

extension SettingTests {
  @Test("an unknown variable causes a warning with its name and without its value")
  func unknown() async throws {
    let peer = try start(
      ["0", "-I", "lo", "-t", "0", "-g", "\(group.address)", "-c", "1"],
      ["MCAST_PEER_SECRET": "swordfish", "MCAST_PEER_GRUOP": "swordfish", "MCAST_PEER_": "swordfish"])
    #expect(try await peer.exitCode() == 0)
    let errors = try peer.errors
    for warning in [
      "unknown setting MCAST_PEER_SECRET (did you mean DTLS_MCAST_SECRET?)",
      "unknown setting MCAST_PEER_GRUOP (did you mean MCAST_PEER_GROUP?)",
      "unknown setting MCAST_PEER_ (see mcast-peer --help)",
    ] {
      #expect(errors.contains(" warning \(warning)"), "\(errors)")
    }
    #expect(!errors.contains("swordfish"))
  }

  @Test(
    "the most similar variable is found for an unknown one, if there is any",
    arguments: [
      ("GRUOP", "GROUP"), ("TLL", "TTL"), ("PEER", "PEERS"), ("PERES", "PEERS"), ("INTERFACES", "INTERFACE"),
      ("NODEID", "NODE_ID"), ("STATEDIR", "STATE_DIR"), ("SECRET", "SECRET_FILE"), ("MESAGE", "MESSAGE"),
      ("OUT", "OUTPUT"), ("", nil), ("X", nil), ("COLOUR", nil), ("SWORDFISH", nil), ("\\x1B[2J", nil),
    ])
  func nearest(name: String, expected: String?) {
    #expect(Environment.nearest(to: "MCAST_PEER_\(name)") == expected.map { "MCAST_PEER_\($0)" })
  }

  @Test("every setting is found from its name with the last two letters swapped")
  func swapped() {
    for (option, _) in Environment.all {
      var name = Array(Environment.variable(option))
      name.swapAt(name.count - 2, name.count - 1)
      #expect(Environment.nearest(to: String(name)) == Environment.variable(option))
    }
  }

  @Test("watch also warns of an unknown variable")
  func unknownToWatch() async throws {
    let watch = try start(
      ["watch", "-I", "lo", "-g", "\(group.address)"], ["MCAST_PEER_GRUOP": "swordfish", "MCAST_PEER_\u{1B}[2J": "1"])
    try await watch.waitForError("unknown setting MCAST_PEER_GRUOP (did you mean MCAST_PEER_GROUP?)")
    // Control characters in a name are escaped, too.
    try await watch.waitForError("unknown setting MCAST_PEER_\\x1B[2J (see mcast-peer --help)")
    try await watch.waitForError("listening only")
    watch.signal(SIGINT)
    #expect(try await watch.exitCode() == 0)
    #expect(try !watch.errors.contains("swordfish") && !watch.errors.contains("\u{1B}"))
  }
}
