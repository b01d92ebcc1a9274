import Foundation
import Glibc
import TestSupport
import Testing

@testable import MulticastDTLS
@testable import mcast_peer

@Suite("Reports to a service manager")
struct ServiceReportTests {
  private let group = LoopbackGroup()

  private func start(_ node: Int, _ socket: NotifySocket, _ more: [String] = [], watchdog: Int? = nil) throws
    -> PeerProcess
  {
    var environment = ["NOTIFY_SOCKET": socket.path]
    environment["WATCHDOG_USEC"] = watchdog.map { "\($0)" }
    return try PeerProcess(
      ["\(node)", "-I", "lo", "-t", "0", "-g", "\(group.address)", "--peers", "0-1"] + more, home: group.home,
      secret: Vectors.shared.secret, environment: environment)
  }

  @Test("a peer reports that it is ready, who is heard, a reload, signs of life, and its end")
  func story() async throws {
    let socket = try NotifySocket()
    let peer = try start(0, socket, watchdog: 200_000)
    try await socket.waitFor("READY=1")
    let keyID = "\(try GroupSecret(text: Vectors.shared.secret).keyID())"
    try await socket.waitFor("STATUS=0 of 1 members heard, key ID \(keyID)")
    let other = try group.start(1, "-i", "0.1")
    try await socket.waitFor("STATUS=1 of 1 members heard")
    try await socket.waitFor("WATCHDOG=1", count: 10)
    peer.signal(SIGHUP)
    try await socket.waitFor("RELOADING=1")
    try await socket.waitFor("MONOTONIC_USEC=")
    try await socket.waitFor("READY=1", count: 2)
    // Until the interval of the other member is known.
    try await peer.waitUntilHeard(1, count: 40)
    other.signal(SIGTERM)
    try await socket.waitFor("STATUS=0 of 1 members heard", count: 2)
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)
    let reports = socket.reports
    #expect(reports.last { !$0.hasPrefix("WATCHDOG") && !$0.hasPrefix("STATUS") } == "STOPPING=1", "\(reports)")
    let ready = try #require(reports.firstIndex(of: "READY=1"))
    #expect(reports.count { $0 == "READY=1" } == 2, "\(reports)")
    #expect(!reports[..<ready].contains { $0.hasPrefix("WATCHDOG") || $0.hasPrefix("STATUS") })
  }

  @Test("a peer that cannot start never reports that it is ready")
  func failed() async throws {
    let socket = try NotifySocket()
    let peer = try start(0, socket, ["-I", "nope9"])
    #expect(try await peer.exitCode() == 69)
    #expect(socket.reports == [])
  }

  @Test(
    "a manager that is gone, or whose address is none, does not hinder a peer", arguments: ["", "@", "/nowhere/at/all"])
  func noManager(address: String) async throws {
    let peer = try PeerProcess(
      ["0", "-I", "lo", "-t", "0", "-g", "\(group.address)", "-c", "1"], home: group.home,
      secret: Vectors.shared.secret, environment: ["NOTIFY_SOCKET": address, "WATCHDOG_USEC": "x"])
    #expect(try await peer.exitCode() == 0)
  }

  @Test("an address is a path or an abstract name, and fits the kernel")
  func addresses() {
    #expect(UnixAddress("") == nil && UnixAddress(String(repeating: "x", count: 108)) == nil)
    #expect(UnixAddress(String(repeating: "x", count: 107)) != nil)
    UnixAddress("@name")?.withAddress { address, size in
      #expect(size == 2 + 5)
      address.withMemoryRebound(to: sockaddr_un.self, capacity: 1) { #expect($0.pointee.sun_path.0 == 0) }
    }
    UnixAddress("/a")?.withAddress { _, size in #expect(size == 2 + 3) }
  }
}
