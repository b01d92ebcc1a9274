import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Key rings that are read again")
struct ReadAgainTests {
  private let group = LoopbackGroup()
  private let old = "the old secret of the group"
  private let new = "the new secret of the group"

  private func start(_ node: Int, _ file: RingFileOfMember, _ more: String...) throws -> PeerProcess {
    try PeerProcess(
      ["\(node)", "-I", "lo", "-t", "0", "-g", "\(group.address)", "-k", file.path] + more, home: group.home)
  }

  /// Waits until a peer has received two more messages of another.
  private func hears(_ peer: PeerProcess, _ other: Int) async throws {
    let before = try peer.shown(from: other).count
    try await eventually("member \(other) to be heard") { try peer.shown(from: other).count > before + 1 }
  }

  @Test("an unusable file leaves the ring in use, and the peer reports the reason")
  func unusable() async throws {
    let (file, otherFile) = (RingFileOfMember(old), RingFileOfMember(old))
    let (peer, other) = (try start(0, file, "-i", "0.05"), try start(1, otherFile, "-i", "0.05"))
    try await hears(peer, 1)
    func refused(_ reason: String, _ count: Int) async throws {
      peer.signal(SIGHUP)
      try await peer.waitForError("the key ring stays as it was", count: count)
      let line = try peer.errors.split(separator: "\n").last { $0.contains("stays as it was") } ?? ""
      #expect(line.contains(reason) && line.contains(" error "), "\(line)")
      try await hears(peer, 1)
      try await hears(other, 0)
    }
    file.write([])
    try await refused("holds no secret", 1)
    file.write(["a", "b", "c", "d", "e"])
    try await refused("holds 5 secrets", 2)
    file.write([new])
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
    try await refused("mode 0644", 3)
    try FileManager.default.removeItem(atPath: file.path)
    try await refused("No such file", 4)
    file.write([String(repeating: "x", count: 2000)])
    try await refused("longer than 1024 bytes", 5)
    #expect(try !peer.errors.contains("xxxx"))
  }

  @Test("a missing own file is not made anew, since no other member would have its secret")
  func ownFileMissing() async throws {
    let peer = try PeerProcess(
      ["0", "-I", "lo", "-t", "0", "-g", "\(group.address)", "-i", "3600"], home: group.home)
    try await peer.waitUntilReady(node: 0)
    #expect(try peer.errors.contains("MADE JUST NOW"))
    let path = "\(group.home.path)/.config/mcast-peer/secret"
    try FileManager.default.removeItem(atPath: path)
    peer.signal(SIGHUP)
    try await peer.waitForError("the key ring stays as it was")
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test("a SIGHUP during the start is not lost and does not end the peer")
  func early() async throws {
    for number in 0..<10 {
      let file = RingFileOfMember(old)
      let peer = try start(0, file, "-i", "3600")
      // At several moments of the start, from the first at which the signal does not kill.
      try await eventually("the signal to be ignored", every: .milliseconds(1)) { try peer.handles(SIGHUP) }
      try await Task.sleep(for: .milliseconds(10 * number))
      file.write([new])
      peer.signal(SIGHUP)
      try await eventually("the new secret") {
        let errors = try peer.errors
        guard peer.isRunning else { throw Timeout(description: errors) }
        return try errors.contains("sends with key ID \(keyID(new))") || errors.contains(", key ID \(keyID(new))")
      }
      try await peer.waitUntilReady(node: 0)
      peer.signal(SIGTERM)
      #expect(try await peer.exitCode() == 0)
    }
  }

  @Test(
    "the keys of the members are reported when members change theirs, in the table, and when a key is dropped")
  func readiness() async throws {
    let files = (0...2).map { _ in RingFileOfMember(old, new) }
    let peers = try files.enumerated().map { try start($0, $1, "-i", "0.05") }
    for (node, peer) in peers.enumerated() {
      for other in 0...2 where other != node { try await hears(peer, other) }
    }
    let (oldID, newID) = ("\(try keyID(old))", "\(try keyID(new))")
    #expect(try await peers[0].trafficReport().keyIDs == [1: oldID, 2: oldID])

    files[1].write([new, old])
    try await peers[1].readRingAgain()
    #expect(try peers[1].sendingKeyID == newID)
    try await peers[0].waitForError("member 1 now sends with key ID \(newID)")
    #expect(try await peers[0].trafficReport().keyIDs == [1: newID, 2: oldID])
    files[0].write([new])
    try await peers[0].readRingAgain()
    try await peers[0].waitForError(
      "key ID \(oldID) was removed, but member 2 sent with it when last heard: if it is to stay a member, add and "
        + "promote \(newID) there")
    try await peers[0].waitForError("member 2 last heard with \(oldID)")
    // Member 2 takes the last step.
    files[2].write([new])
    try await peers[2].readRingAgain()
    try await hears(peers[0], 2)
    try await peers[0].waitForError(
      "all other members were heard with key ID \(newID), and this peer sends with it, too")
    #expect(try await peers[0].trafficReport().keyIDs == [1: newID, 2: newID])
  }

  @Test("the last member to change its key reports that all have changed, and the first reports the key of the others")
  func last() async throws {
    let files = (0...2).map { _ in RingFileOfMember(old, new) }
    let peers = try files.enumerated().map { try start($0, $1, "-i", "0.05") }
    for (node, peer) in peers.enumerated() {
      for other in 0...2 where other != node { try await hears(peer, other) }
    }
    let (oldID, newID) = (try keyID(old), try keyID(new))
    for node in [1, 2, 0] {
      files[node].write([new, old])
      try await peers[node].readRingAgain()
      for other in 0...2 where other != node {
        try await peers[other].waitForError("member \(node) now sends with key ID \(newID)")
      }
      // The first member reports the key of the others.
      guard node == 1 else { continue }
      try await peers[1].waitForError(
        "all other members were heard with key ID \(oldID), but this peer sends with \(newID)")
    }
    for peer in peers {
      try await peer.waitForError(
        "all other members were heard with key ID \(newID), and this peer sends with it, too")
    }
  }

  @Test("dropping a key that a member still sends with causes no advice to add it again here")
  func removed() async throws {
    let files = [RingFileOfMember(new, old), RingFileOfMember(old)]
    let peers = try files.enumerated().map { try start($0, $1, "--peers", "0-1", "-i", "0.05") }
    try await hears(peers[0], 1)
    files[0].write([new])
    try await peers[0].readRingAgain()
    let (oldID, newID) = (try keyID(old), try keyID(new))
    try await peers[0].waitForError(
      "key ID \(oldID) was removed, but member 1 sent with it when last heard: if it is to stay a member, add and "
        + "promote \(newID) there; if it was removed from the group, nothing is to be done")
    #expect(try !peers[0].errors.contains("here again"))
  }

  private func keyID(_ secret: String) throws -> KeyID {
    try GroupSecret(text: secret).keyID()
  }

  @Test(
    "a peer that was off during a rotation and its group both report the other key, and with the new ring it is heard")
  func wasOff() async throws {
    let files = (0...2).map { _ in RingFileOfMember(old) }
    func startNode(_ node: Int) throws -> PeerProcess { try start(node, files[node], "-i", "0.1") }
    var peers = try (0...2).map(startNode)
    for (node, peer) in peers.enumerated() {
      for other in 0...2 where other != node { try await hears(peer, other) }
    }
    // Several starts, so that its epoch under the old secret is higher than its later one under the new secret.
    for _ in 0..<3 {
      peers[2].signal(SIGTERM)
      #expect(try await peers[2].exitCode() == 0)
      peers[2] = try startNode(2)
      try await hears(peers[0], 2)
    }
    peers[2].signal(SIGTERM)
    #expect(try await peers[2].exitCode() == 0)
    for ring in [[old, new], [new, old], [new]] {
      for node in 0...1 {
        files[node].write(ring)
        try await peers[node].readRingAgain()
      }
    }
    let (oldID, newID) = (try keyID(old), try keyID(new))

    let late = try startNode(2)
    // Each side reports its own key ID for comparison.
    for node in 0...1 {
      try await peers[node].waitForError(
        "as member 2 do not authenticate: another secret, or a new one that was not added here? Here it is key ID \(newID)"
      )
      // At first the line names one member, and a moment later the others.
      try await eventually("a warning of member \(node)") {
        try late.errors.split(separator: "\n").contains {
          $0.contains(
            "do not authenticate: another secret, or a new one that was not added here? Here it is key ID \(oldID)")
            && ($0.contains("as member \(node) do") || $0.contains("also member \(node),"))
        }
      }
    }
    try await late.waitForError("nothing heard for 10 s of any of the members 0-1, but records arrive")
    #expect(try late.shown() == [:])

    files[2].write([new])
    try await late.readRingAgain()
    for node in 0...1 {
      try await hears(peers[node], 2)
      try await hears(late, node)
      // The member is heard at once, and not only past an old number or epoch.
      #expect(try await peers[node].trafficReport().nodes[2]?["stale epoch"] == 0)
    }
  }

  @Test("closing the terminal ends the peer, although it sends SIGHUP")
  func terminal() async throws {
    let address = group.address
    let session = try PeerProcess(
      [], home: group.home, secret: "the secret of the group",
      shell: "exec script --quiet --command \"exec $0 0 -I lo -t 0 -g \(address) -i 3600\" /dev/null")
    try await eventually("the peer") { try session.output.contains("Node 0: Ready") }
    let directory = "\(group.home.path)/.local/state/mcast-peer"
    let lock = try #require(
      try FileManager.default.contentsOfDirectory(atPath: directory).first { $0.hasSuffix(".lock") })
    let process = try #require(
      Int32(try String(contentsOfFile: "\(directory)/\(lock)", encoding: .utf8).dropLast()))
    #expect(kill(process, 0) == 0)
    session.signal(SIGKILL)
    try await eventually("its end") { kill(process, 0) != 0 }
  }
}
