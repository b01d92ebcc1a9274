import Foundation
import TestSupport
import Testing

// MARK: - Addresses

extension FollowingNetworkTests {
  @Test("without an address on its interface, a peer sends nothing, and later loses no line", arguments: Family.all)
  func noAddress(family: Family) async throws {
    let (here, there) = (try Namespace(), try Namespace())
    try here.connect("red", family.own(11, 1), to: there, family.own(11, 2))
    // The kernel would use this address instead.
    try here.connect("blue", family.own(12, 1), to: there, family.own(12, 2))
    try here.run("ip addr flush dev red")
    let listener = try start(1, "-I", "red", "--listen", "-o", "json", in: there, family)
    try await listener.waitForEvent("start")
    let peer = try start(
      0, "-I", "red", "--stdin", in: here, family, shell: "printf 'one\\ntwo\\nthree\\n' | exec \"$0\" \"$@\"")
    let name = family == .ipv4 ? "IPv4" : "IPv6"
    try await peer.waitForError("interface red has no \(name) address: nothing is sent until it has")
    try await peer.waitForError("cannot send to \(family.group)")
    try await Task.sleep(for: .seconds(1))
    #expect(try !peer.output.contains("Sent"))
    try here.run("ip addr add \(family.own(11, 1)) dev red")
    #expect(try await peer.exitCode() == 0)
    try await eventually("all lines") { try listener.events("received").count == 3 }
    let sources = try sources(of: listener)
    #expect(sources == [family == .ipv4 ? "10.11.0.1" : "[fd11::1]"])
    #expect(try peer.errors.components(separatedBy: "cannot send").count == 2)
  }

  @Test("sending stops when the address is removed, and continues from a new address", arguments: Family.all)
  func addressChanges(family: Family) async throws {
    let (here, there) = (try Namespace(), try Namespace())
    try here.connect("red", family.own(11, 1), to: there, family.own(11, 2))
    try here.connect("blue", family.own(12, 1), to: there, family.own(12, 2))
    let listener = try start(1, "-I", "red", "--listen", "-o", "json", in: there, family)
    try await listener.waitForEvent("start")
    let peer = try start(0, "-I", "red", "-i", "0.05", in: here, family)
    try await listener.waitForEvent("received")
    try here.run("ip addr flush dev red")
    try await peer.waitForError("nothing is sent until it has")
    try await Task.sleep(for: .seconds(1))
    try here.run("ip addr add \(family.own(11, 5)) dev red")
    let address = family == .ipv4 ? "10.11.0.5" : "[fd11::5]"
    try await listener.waitForEvent("received") { $0.source?.hasPrefix("\(address):") == true }
    try await peer.waitForError("interface red has the address")
    let sources = try sources(of: listener)
    #expect(sources == [family == .ipv4 ? "10.11.0.1" : "[fd11::1]", address])
  }

  @Test(
    "a peer with a named address sends from that address alone, and waits while it is gone", arguments: Family.all)
  func namedAddress(family: Family) async throws {
    let (here, there) = (try Namespace(), try Namespace())
    try here.connect("red", family.own(11, 1), to: there, family.own(11, 2))
    for host in [3, 4] { try here.run("ip addr add \(family.own(11, host)) dev red") }
    let listener = try start(9, "-I", "red", "--listen", "--peers", "0-9", "-o", "json", in: there, family)
    try await listener.waitForEvent("start")
    func address(_ host: Int) -> String { family == .ipv4 ? "10.11.0.\(host):" : "[fd11::\(host)]:" }
    var peers: [PeerProcess] = []
    for host in [1, 3, 4] {
      // One peer sends single messages, and one sends batches.
      peers.append(try start(host, "--peers", "0-9", "-i", "0.1", "-I", family.address(11, host), in: here, family))
      peers.append(
        try start(
          host + 4, "--peers", "0-9", "--rate", "2000", "-c", "400", "-I", family.address(11, host), in: here, family))
    }
    for host in [1, 3, 4] {
      for node in [host, host + 4] {
        try await listener.waitForEvent("received") { $0.member == node && $0.source?.hasPrefix(address(host)) == true }
      }
    }
    for event in try listener.events("received") {
      let node = try #require(event.member)
      #expect(event.source?.hasPrefix(address(node > 4 ? node - 4 : node)) == true, "\(event)")
    }
    try here.run("ip addr del \(family.address(11, 3))/\(family == .ipv4 ? 24 : 64) dev red")
    try await peers[2].waitForError("interface red does not have the address \(family.address(11, 3))")
    try await peers[2].waitForError("cannot send")
    try here.run("ip addr add \(family.own(11, 3)) dev red")
    try await peers[2].waitForError("sending to \(family.group) again")
    #expect(
      try listener.events("received").filter { $0.member == 3 }.allSatisfy { $0.source?.hasPrefix(address(3)) == true })
  }

  @Test(
    "a peer follows its named address to another interface, and each message names its interface",
    arguments: Family.all, ["", "label blue:vip"])
  func movedAddress(family: Family, label: String) async throws {
    guard family == .ipv4 || label.isEmpty else { return }
    let (here, there) = (try Namespace(), try Namespace())
    for (number, name) in ["red", "blue"].enumerated() {
      try here.connect(name, family.own(11 + number, 1), to: there, family.own(11 + number, 2))
    }
    let bits = family == .ipv4 ? 24 : 64
    try here.run("ip addr add \(family.address(13, 7))/\(bits) dev red")
    let peer = try start(0, "-I", family.address(13, 7), "-i", "0.05", "-o", "json", in: here, family)
    try await peer.waitForEvent("sent") { $0.interface == "red" }
    try here.run("ip addr del \(family.address(13, 7))/\(bits) dev red")
    try here.run("ip addr add \(family.address(13, 7))/\(bits) dev blue \(label)")
    try await peer.waitForEvent("sent") { $0.interface == "blue" }
    let other = try start(1, "-I", "blue", "-i", "0.05", in: there, family)
    try await other.waitUntilHeard(0)
    try await peer.waitForEvent("received") { $0.member == 1 && $0.interface == "blue" }
    let interfaces = try peer.events("sent").map(\.interface)
    let first = try #require(interfaces.firstIndex(of: "blue"))
    #expect(interfaces[first...].allSatisfy { $0 == "blue" } && interfaces[..<first].allSatisfy { $0 == "red" })
    #expect(try peer.events("peer").contains { $0.cause == "interfaceBack" })
  }

  @Test("a renamed interface is gone, and nothing is sent on it until it has its name back", arguments: Family.all)
  func renamed(family: Family) async throws {
    let (here, there) = (try Namespace(), try Namespace())
    try here.connect("red", family.own(11, 1), to: there, family.own(11, 2))
    let listener = try start(1, "-I", "red", "--listen", in: there, family)
    try await listener.waitUntilReady(node: 1)
    let peer = try start(0, "-I", "red", "-i", "0.05", in: here, family)
    try await listener.waitUntilHeard(0)
    try here.run("ip link set red down")
    try here.run("ip link set red name green")
    try here.run("ip link set green up")
    if family == .ipv6 { try here.run("ip addr replace \(family.own(11, 1)) dev green nodad") }
    try await peer.waitForError("interface red is gone: nothing is heard until it is back")
    try await peer.waitForError("cannot send to \(family.group)")
    let heard = try listener.shown(from: 0).count
    try await Task.sleep(for: .seconds(1))
    #expect(try listener.shown(from: 0).count == heard)
    try here.run("ip link set green down")
    try here.run("ip link set green name red")
    try here.run("ip link set red up")
    if family == .ipv6 { try here.run("ip addr replace \(family.own(11, 1)) dev red nodad") }
    try await peer.waitForError("interface red is back: joined \(family.group) again")
    try await listener.waitUntilHeard(0, count: heard + 3)
  }
}
