import Glibc
import TestSupport
import Testing

@testable import MulticastDTLS
@testable import mcast_peer

@Suite("doctor and the running service")
struct ServiceCheckTests {
  private let files = ["MCAST_PEER_LISTEN": "1", "MCAST_PEER_GROUP": "239.255.0.1:1", "MCAST_PEER_QUIET": "1"]

  @Test("a service with the settings of its files is fine, and one with others or none is a warning")
  func verdicts() {
    let same = ServiceCheck(member: 7, settings: files, running: files, process: .success(12))
    #expect(same.findings == [.ok("service", "member 7 runs as process 12, and answers")] && !same.sends)
    let unreadable = ServiceCheck(member: 7, settings: files, running: nil, process: .success(12))
    #expect(unreadable.findings == same.findings && !unreadable.sends)
    let dropIn = ["MCAST_PEER_LISTEN": "0", "MCAST_PEER_STDIN": "1", "MCAST_PEER_ENCRYPT": "1"]
    let other = ServiceCheck(member: 7, settings: files, running: dropIn, process: .success(12))
    #expect(other.findings.map(\.verdict) == [.warning] && other.sends)
    #expect(other.findings[0].text.hasSuffix(": MCAST_PEER_GROUP, MCAST_PEER_ENCRYPT, MCAST_PEER_LISTEN"))
    let none = ServiceCheck(member: 7, settings: files, running: nil, process: .failure(.noAnswer("it does not run")))
    #expect(
      none.findings == [
        .warning(
          "service", "it does not run", "see if it runs, and why not", command: "systemctl status mcast-peer@7")
      ])
  }

  @Test("a running process is found by its state, and its own settings count")
  func running() async throws {
    let group = LoopbackGroup()
    let peer = try PeerProcess(
      ["0", "-I", "lo", "-t", "0", "--listen"], home: group.home, secret: Vectors.shared.secret,
      environment: ["MCAST_PEER_GROUP": "\(group.address)"])
    try await peer.waitUntilReady(node: 0)
    let check = ServiceCheck(of: 0, stateDirectory: group.states)
    #expect(check.findings.first?.text.hasPrefix("member 0 runs as process \(peer.identifier)") == true, "\(check)")
    #expect(check.findings.first?.text.contains("MCAST_PEER_GROUP") == true, "\(check)")
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)
    #expect(ServiceCheck(of: 0, stateDirectory: group.states).findings.map(\.verdict) == [.warning])
  }

  @Test("an error of a service says which variables are meant by the options that it names")
  func variables() {
    #expect(
      Environment.remark(onOptionsIn: "unusable (see --new-node, --epoch and --state-dir)")
        == "; in the settings of a service, MCAST_PEER_EPOCH=... is --epoch, MCAST_PEER_STATE_DIR=... is --state-dir, "
        + "MCAST_PEER_NEW_NODE=1 is --new-node")
    #expect(Environment.remark(onOptionsIn: "mcast-peer secret new --write, or --counts") == nil)
  }
}
