import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS
@testable import mcast_peer

@Suite("mcast-peer doctor on interfaces", .enabled(if: Namespace.isAvailable, "needs a network namespace"))
struct DoctorInterfaceTests {
  private let home = TemporaryDirectory()

  private func doctor(_ arguments: String..., in namespace: Namespace) async throws -> (code: Int32, lines: [String]) {
    let doctor = try PeerProcess(
      ["doctor", "--wait", "0.3"] + arguments, home: home, secret: Vectors.shared.secret, namespace: namespace)
    return (try await doctor.exitCode(), try doctor.findings)
  }

  private func line(_ lines: [String], _ start: String) -> String {
    lines.first { $0.hasPrefix(start) } ?? "none begins with '\(start)': \(lines)"
  }

  @Test("the advised command for an interface with a dot in its name works when it is pasted")
  func dottedName() async throws {
    let namespace = try Namespace()
    try namespace.addInterface("eth0.100", address: "10.11.0.1/24")
    try namespace.run("sysctl -w net/ipv4/conf/eth0.100/rp_filter=1")
    let warning = line(try await doctor("-I", "eth0.100", in: namespace).lines, "warning  rp_filter")
    let command = try #require(warning.range(of: "sysctl ").map { String(warning[$0.lowerBound...]) }, "\(warning)")
    #expect(try namespace.run(command).contains("rp_filter = 2"))
    #expect(
      line(try await doctor("-I", "eth0.100", in: namespace).lines, "ok       rp_filter").hasSuffix("loose on eth0.100")
    )
  }

  @Test(
    "for a bridge port, doctor names the bridge, and on the bridge it hears others",
    .enabled(if: Namespace.canBridge, "needs a bridge"))
  func bridgePort() async throws {
    let (here, there) = (try Namespace(), try Namespace())
    try here.addBridge("br0")
    try there.connect("eth0", "10.11.0.2/24", toPort: "port", of: "br0", in: here)
    try here.run("ip addr add 10.11.0.1/24 dev br0")
    let node = try PeerProcess(
      ["1", "-I", "eth0", "-i", "0.1"], home: home, secret: Vectors.shared.secret, namespace: there)
    try await node.waitForError("peers 0-2")
    let onPort = try await doctor("-I", "port", in: here)
    #expect(onPort.code == 1)
    #expect(
      line(onPort.lines, "failure  interface  port (used)").contains(
        "is a port of br0 (bridge), which receives its datagrams "))
    #expect(line(onPort.lines, "failure  interface  port (used)").hasSuffix("--interface br0"))
    let onBridge = try await doctor("-I", "br0", in: here)
    #expect(onBridge.code == 0 && line(onBridge.lines, "ok       members").contains("heard member 1"), "\(onBridge)")

    // The bridge of a used port is needed, too.
    try here.run("ip link set br0 down")
    let noBridge = try await doctor("-I", "port", in: here)
    #expect(
      line(noBridge.lines, "warning  interface  br0 is down, and port (used) is a port of it").hasSuffix(
        "ip link set br0 up"), "\(noBridge.lines)")
    try here.run("ip link set br0 up")

    // A bridge port that is down is needed.
    try here.run("ip link set port down")
    let noPort = try await doctor("-I", "br0", in: here)
    #expect(
      line(noPort.lines, "warning  interface  port is down, and br0 (used) depends on it").hasSuffix(
        "ip link set port up"))
  }

  @Test("an address with a label belongs to its interface, and the label is no interface")
  func label() async throws {
    let (here, there) = (try Namespace(), try Namespace())
    try here.connect("red", "10.11.0.1/24", to: there, "10.11.0.2/24")
    try here.run("ip addr flush dev red")
    try here.run("ip addr add 10.11.0.1/24 dev red label red:1")
    let (_, lines) = try await doctor("-I", "red", in: here)
    #expect(
      line(lines, "ok       interface  red (used) up").hasSuffix("10.11.0.1")
        && !lines.contains { $0.contains("red:1") })
  }

  @Test("for disabled IPv6 on an interface, doctor advises the command that enables it")
  func noIPv6() async throws {
    let namespace = try Namespace()
    try namespace.addInterface("eth0.7", address: "10.11.0.1/24")
    try namespace.run("sysctl -w net/ipv6/conf/eth0.7/disable_ipv6=1")
    let failure = line(
      try await doctor("-I", "eth0.7", "-g", "[ff15::7]:12345", in: namespace).lines, "failure  interface  eth0.7")
    #expect(
      failure.hasSuffix("IPv6 is disabled there enable it: sysctl net/ipv6/conf/eth0.7/disable_ipv6=0"),
      "\(failure)")
  }

  @Test("doctor names members not in --peers, and blames no other program for them or for another doctor")
  func notFollowed() async throws {
    let (here, there) = (try Namespace(), try Namespace())
    try here.connect("red", "10.11.0.1/24", to: there, "10.11.0.2/24")
    let node = try PeerProcess(
      ["1", "-I", "red", "-i", "0.05"], home: home, secret: Vectors.shared.secret, namespace: there)
    try await node.waitForError("peers 0-2")
    let (code, lines) = try await doctor("-I", "red", "--peers", "0,2", in: here)
    #expect(
      code == 1 && lines.contains { $0.contains("member 1 at 10.11.0.2:") && $0.contains("not in --peers 0,2") },
      "\(lines)")
    #expect(!lines.contains { $0.contains("another program") }, "\(lines)")
    node.signal(SIGTERM)
    _ = try await node.exitCode()
    let first = try PeerProcess(
      ["doctor", "--wait", "3", "-I", "red"], home: home, secret: Vectors.shared.secret, namespace: here)
    for _ in 0..<2 { _ = try await doctor("-I", "red", in: here) }
    _ = try await first.exitCode()
    #expect(try !first.findings.contains { $0.contains("another program") })
  }

  @Test("a used interface is never called not needed, whether named by altname, address or name")
  func usedAndDown() async throws {
    let namespace = try Namespace()
    try namespace.addInterface("red", address: "10.11.0.1/24")
    try namespace.addInterface("blue", address: "10.12.0.1/24")
    try namespace.run("ip link property add dev red altname rouge")
    try namespace.run("ip link set red down")
    for name in ["rouge", "10.11.0.1", "red"] {
      let (code, lines) = try await doctor("-I", name, in: namespace)
      #expect(code == 1 && line(lines, "failure  interface  red (used) is down").hasSuffix("ip link set red up"))
      #expect(!lines.contains { $0.contains("not needed") })
    }
    #expect(
      line(try await doctor("-I", "blue", in: namespace).lines, "ok       interface  red is down").hasSuffix(
        "not needed"))
  }

  @Test(
    "if no member is heard, doctor names other interfaces that are up, and names them first if the route has chosen")
  func others() async throws {
    let namespace = try Namespace()
    try namespace.addInterface("red", address: "10.11.0.1/24")
    try namespace.addInterface("blue", address: "10.12.0.1/24")
    try namespace.run("ip route add 239.0.0.0/8 dev red")
    /// True if the first text comes before the second. The cause for containers may come before both.
    func order(_ text: String, _ first: String, _ second: String) -> Bool {
      guard let one = text.range(of: first), let other = text.range(of: second) else { return false }
      return one.lowerBound < other.lowerBound
    }
    let elsewhere = "the members are on another network than red: up are"
    let chosen = line(try await doctor(in: namespace).lines, "warning  members")
    #expect(
      order(chosen, elsewhere, "no other member runs,") && order(chosen, "blue", "as in --interface"), "\(chosen)")
    let named = line(try await doctor("-I", "red", in: namespace).lines, "warning  members")
    #expect(
      order(named, "no other member runs,", elsewhere) && order(named, "blue", "as in --interface"), "\(named)")
    let loopback = line(try await doctor("-I", "lo", in: namespace).lines, "warning  members")
    #expect(order(loopback, "red", "as in --interface") && order(loopback, "blue", "as in --interface"), "\(loopback)")
  }

  @Test("for a port bound by another program, doctor fails and advises ss")
  func portInUse() async throws {
    let namespace = try Namespace()
    try namespace.addInterface("red", address: "10.11.0.1/24")
    let holder = try PeerProcess.holdingPort(.ipv4, in: namespace)
    try await holder.waitForLine("bound")
    let (code, lines) = try await doctor("-I", "red", in: namespace)
    #expect(code == 1 && line(lines, "failure  self-test").contains("ss -ulpn 'sport = :12345'"), "\(lines)")
    #expect(holder.isRunning)
  }

  @Test("doctor reports the lower interface, bond, or VRF of a used interface")
  func ties() throws {
    func status(_ name: String, isUp: Bool = true, of master: (String, String)? = nil, over below: String? = nil)
      -> InterfaceStatus
    {
      InterfaceStatus(
        name: name, isUp: isUp, hasCarrier: isUp, takesMulticast: true, isLoopback: false, isPointToPoint: false,
        master: master.map { .init(name: $0.0, kind: $0.1) }, below: below,
        addresses: [IPAddress("192.0.2.1")].compactMap { $0 })
    }
    func lines(_ used: String, _ all: InterfaceStatus...) throws -> [String] {
      let network = try NetworkConfiguration(
        NetworkArguments.parse([]), NetworkArguments.parse([]), peers: NetworkConfiguration.peersOfPeer)
      return InterfaceChecks(network: network, all: all, used: [used], isFallback: false).interfaces()
        .map { finding in finding.lines.map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: " ") }
    }
    // A VLAN over a bond with a port that is down.
    let tower = try lines(
      "bond0.5", status("eth0", isUp: false, of: ("bond0", "bond")), status("bond0"),
      status("bond0.5", over: "bond0"), status("eth9", isUp: false))
    #expect(tower[0].contains("eth0 is down, and bond0.5 (used) depends on it"))
    #expect(tower[3].hasSuffix("eth9 is down, not needed"))
    let bonded = try lines("eth0", status("eth0", of: ("bond0", "bond")), status("bond0"))
    #expect(bonded[0].hasPrefix("failure") && bonded[0].hasSuffix("--interface bond0"))
    let inVRF = try lines("eth0", status("eth0", of: ("blue", "vrf")), status("blue"))
    #expect(inVRF[0].hasPrefix("warning") && inVRF[0].hasSuffix("ip vrf exec blue mcast-peer ..."))
  }
}
